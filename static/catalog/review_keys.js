// The review page's keyboard. Decisions wait a moment after the page came: a second press must not hit the next pair.

const SETTLE_MS = 350;
const ACTS = { " ": "play", ArrowLeft: "back", ArrowRight: "on", Home: "match", z: "zoom", x: "switch" };
const comparison = document.querySelector("[data-comparison]");
const loadedAt = performance.now();
let sent = false;

const act = (name) => comparison?.dispatchEvent(new CustomEvent("mf-act", { detail: name }));
const isTyping = (target) => target.closest?.("input:not([type=hidden], [type=radio]), textarea, select, [contenteditable=true], dialog");
const isInPlayer = (target) => target === document.body || Boolean(comparison?.contains(target));

function decide(key) {
  const button = document.querySelector(`[data-key="${key}"]`);
  if (!button || button.disabled || sent || performance.now() - loadedAt < SETTLE_MS) return false;
  button.click();
  if (button.type === "radio") button.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // Tab switches only while something plays: a page whose focus cannot be moved is a trap.
  if (key === "Tab" && !event.shiftKey && comparison?.dataset.playing === "true" && isInPlayer(event.target)) {
    event.preventDefault();
    act("switch");
  } else if (key === " " && event.target.closest?.("button, a, summary") && !isInPlayer(event.target)) {
    // a focused button outside the player keeps its space bar
  } else if (comparison && key in ACTS) {
    event.preventDefault();
    act(ACTS[key]);
  } else if (!event.repeat && /^[a-z0-9]$/.test(key) && decide(key)) {
    event.preventDefault();
  }
});

// A form is sent once: a double click is one decision.
document.querySelectorAll("[data-once]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
});
window.addEventListener("pageshow", () => { sent = false; });
