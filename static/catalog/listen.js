// Play buttons in the rows of lists: one player for all, which asks for nothing before the first click.
let audio = null;
let playing = ""; // the address of what is played, or was paused

document.documentElement.classList.add("mf-listens"); // without this script there are no buttons

function player() {
  if (audio) return audio;
  audio = new Audio();
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, show);
  audio.addEventListener("error", () => { show(); say("This recording could not be played."); });
  return audio;
}

const buttons = () => [...document.querySelectorAll("[data-listen]")];

function show() {
  for (const button of buttons()) {
    const isPlaying = button.dataset.listen === playing && !audio.paused && !audio.error;
    const isBroken = button.dataset.listen === playing && audio.error;
    button.setAttribute("aria-pressed", String(isPlaying));
    button.title = isBroken ? "This recording could not be played." : "";
    button.firstElementChild.textContent = isBroken ? "error" : isPlaying ? "pause" : "play_arrow";
  }
}

function say(words) {
  let told = document.querySelector("[data-listen-told]");
  if (!told) {
    told = document.createElement("p");
    told.className = "mf-sr";
    told.dataset.listenTold = "";
    told.setAttribute("role", "status");
    document.querySelector("#main, main, body").append(told);
  }
  told.textContent = words;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-listen]");
  if (!button) return;
  event.preventDefault();
  const one = player();
  if (button.dataset.listen !== playing || one.error) {
    playing = button.dataset.listen;
    one.src = playing;
  }
  if (one.paused) one.play().catch(() => {}); // what is broken is told by its event
  else one.pause();
});
document.addEventListener("htmx:afterSettle", () => { if (audio) show(); }); // the list has looked again
