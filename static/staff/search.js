// The header's search: Ctrl K or Cmd K goes to it, answers come while one types, arrows go through them.
// Without this script the field is a form that opens the page of answers.

const WAIT_MS = 120; // after the last key
const form = document.querySelector("[data-search]");
const field = form?.querySelector("input");
const panel = form?.querySelector("[data-search-panel]");
const told = form?.querySelector("[data-search-told]");
let timer = 0;
let asking = null; // { words, answered, stop }

const links = () => [...panel.querySelectorAll("a")];
const close = () => { panel.hidden = true; };

function show(html) {
  panel.innerHTML = html;
  panel.hidden = false;
  const count = panel.querySelectorAll("li").length;
  told.textContent = count ? `${count} found. Arrow down leads to them.` : panel.textContent.trim();
}

async function fetchAnswers(words, signal) {
  const answer = await fetch(`${form.action}?${new URLSearchParams({ q: words, panel: "" })}`, { signal });
  if (answer.redirected || !answer.ok) throw new Error("The session has ended.");
  return answer.text();
}

function ask() {
  clearTimeout(timer);
  const words = field.value.trim();
  if (asking?.words === words) return asking.answered;
  asking?.stop.abort();
  if (!words) {
    asking = null;
    close();
    return Promise.resolve();
  }
  const stop = new AbortController();
  const answered = fetchAnswers(words, stop.signal).then(show).catch((error) => {
    if (error.name === "AbortError") return;
    asking = null;
    show('<p class="mf-found-none mf-dim">No answer. Press Enter to search on a page of its own.</p>');
  });
  asking = { words, answered, stop };
  return answered;
}

async function openFirst(event) {
  if (!field.value.trim()) return;
  event.preventDefault();
  await ask();
  const first = panel.querySelector("li a");
  if (first) first.click();
  else form.submit();
}

function step(by) {
  const all = links();
  const next = all[all.indexOf(document.activeElement) + by];
  (by < 0 && !next ? field : next)?.focus();
}

if (form) {
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); });
  field.addEventListener("focus", () => { if (asking && panel.innerHTML) panel.hidden = false; });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === field) openFirst(event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (panel.hidden) field.blur();
      else field.focus();
      close();
    }
    event.stopPropagation(); // the review's keys are letters too
  });
  document.addEventListener("focusin", (event) => { if (!form.contains(event.target)) close(); });
  document.addEventListener("pointerdown", (event) => { if (!form.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (field.checkVisibility()) field.select();
    else location.assign(form.action);
  });
  if (/Mac|iP(hone|ad)/.test(navigator.platform)) form.querySelector("kbd").textContent = "⌘ K";
}
