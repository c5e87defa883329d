// The keyboard of the review. On the queue's page review_flow.js takes the decisions; elsewhere a key presses its button.

const SETTLE_MS = 350; // after the page came: a second press must not hit what a page load put in the button's place
const ACTS = { " ": "play", ArrowLeft: "back", ArrowRight: "on", Home: "match", z: "zoom", x: "switch", l: "loop", e: "equal" };
const flow = document.querySelector("#review[data-flows]");
const overlay = document.querySelector("dialog[data-keys]");
const loadedAt = performance.now();
let sent = false;

const comparison = () => document.querySelector("[data-comparison]");
const act = (name) => comparison()?.dispatchEvent(new CustomEvent("mf-act", { detail: name }));
const isTyping = (target) => target.closest?.("input:not([type=hidden], [type=radio]), textarea, select, [contenteditable=true], dialog");
const isInPlayer = (target) => target === document.body || Boolean(comparison()?.contains(target));

function press(key) {
  if (flow) return !flow.dispatchEvent(new CustomEvent("mf-key", { detail: key, cancelable: true }));
  const button = [...document.querySelectorAll(`[data-key="${key}"]`)].find((one) => one.checkVisibility());
  if (!button || button.disabled || sent || (button.form && performance.now() - loadedAt < SETTLE_MS)) return false;
  button.click();
  if (button.type === "radio") button.focus();
  return true;
}

function toggleOverlay() {
  if (overlay?.open) overlay.close();
  else overlay?.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?" && (overlay?.open || !isTyping(event.target))) {
    event.preventDefault();
    toggleOverlay();
    return;
  }
  if (isTyping(event.target)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // Tab switches only while something plays: a page whose focus cannot be moved is a trap.
  if (key === "Tab" && !event.shiftKey && comparison()?.dataset.playing === "true" && isInPlayer(event.target)) {
    event.preventDefault();
    act("switch");
  } else if (key === " " && event.target.closest?.("button, a, summary") && !isInPlayer(event.target)) {
    // a focused button outside the player keeps its space bar
  } else if (comparison() && key in ACTS) {
    event.preventDefault();
    act(ACTS[key]);
  } else if (!event.repeat && /^[a-z0-9]$/.test(key) && press(key)) {
    event.preventDefault();
  }
});

document.querySelectorAll("[data-keys-open]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", toggleOverlay);
});

// A form is sent once: a double click is one decision.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("[data-once]")) return;
  if (sent) event.preventDefault();
  sent = true;
});
window.addEventListener("pageshow", () => { sent = false; });
