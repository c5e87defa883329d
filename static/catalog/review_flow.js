// The review without a page load for each decision: the next pairs are there already, keys wait their turn, and what was
// decided goes to the site behind it. Without this script each decision is a form and a page.
import { Outbox } from "./outbox.js";

const AHEAD = 8; // pairs in hand: enough while the site plans anew
const SETTLE_MS = 350; // a double click is one decision

const review = document.querySelector("#review[data-flows]");
if (review) start();

function start() {
  const said = document.getElementById("review-said");
  const counts = document.getElementById("review-counts");
  const ahead = [];
  const keys = [];
  let shown = review.querySelector("[data-pair]");
  let shownAt = -Infinity; // the first pair comes with the page: no click before it can be meant for another
  let [waits, none, works, leaving] = [false, false, false, false];
  const outbox = new Outbox({ onAnswer: answered, onHeld: held });

  const inHand = () => [shown, ...ahead].map((part) => part.dataset.pair).concat(outbox.items.map((item) => item.pair));
  const known = () => [...new Set(inHand())].join(",");

  function take(form, button) {
    const fields = [...new FormData(form, button)].filter(([name]) => name !== "csrfmiddlewaretoken");
    const words = button.innerText.replace(/\s+/g, " ").trim();
    const undoes = form.hasAttribute("data-undoes");
    outbox.add({ url: form.getAttribute("action"), fields, words, pair: undoes ? "" : shown.dataset.pair, undoes,
      title: shown.querySelector(".mf-sentence").textContent });
    if (undoes) wait();
    else advance();
    work();
  }

  function advance() {
    if (ahead.length) show(ahead.shift());
    else wait();
  }

  function wait() {
    waits = true;
    shown.setAttribute("aria-busy", "true");
    shown.inert = true;
  }

  function show(next) {
    const hadFocus = shown.contains(document.activeElement);
    shown.querySelectorAll("[data-comparison]").forEach((part) => part.dispatchEvent(new CustomEvent("mf-leave")));
    shown.replaceWith(next);
    shown = next;
    waits = false;
    shownAt = performance.now();
    document.dispatchEvent(new CustomEvent("mf-shown", { detail: shown }));
    if (hadFocus) shown.querySelector(".mf-sentence").focus({ preventScroll: true });
    const previous = document.getElementById("review-previous");
    previous.href = `${review.dataset.previous}?of=${shown.dataset.pair}`;
    offerUndo();
    while (keys.length && !waits) press(keys.shift());
  }

  // One request at a time: each changes what the session remembers.
  async function work() {
    if (works) return;
    works = true;
    let goesOn = true;
    while (goesOn && !leaving) {
      if (outbox.items.length && !outbox.held) goesOn = await outbox.sendOne(() => [["not", known()]]);
      else if (ahead.length < AHEAD && !none && !outbox.held) goesOn = await fetchNext();
      else goesOn = false;
    }
    works = false;
    if (waits && none && !ahead.length && !outbox.items.length) go(review.dataset.home);
  }

  async function fetchNext() {
    let answer;
    try {
      answer = await fetch(`${review.dataset.next}?not=${known()}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    } catch {
      return false; // an answer to a decision brings one more, or says that the site is away
    }
    if (!answer.ok) return false; // the next decision says why, and brings one more
    const html = await answer.text();
    if (html) receive(html);
    else none = true;
    return true;
  }

  function receive(html) {
    const part = document.adoptNode(new DOMParser().parseFromString(html, "text/html").querySelector("[data-pair]"));
    ahead.push(part);
    fetchPeaks(part);
    if (waits) advance();
  }

  let undo = null;
  function answered(item, body) {
    if (body.go) {
      go(body.go);
      return;
    }
    if (body.counts) counts.innerHTML = body.counts;
    if (body.said?.length) tell(...body.said.slice(-1));
    if (body.next) receive(body.next);
    else if (!ahead.length && "next" in body) none = true;
    if (body.undo) undo = body.undo;
    offerUndo();
  }

  function offerUndo() {
    const form = shown.querySelector("[data-undoes]");
    if (!form || !undo?.url) return;
    form.hidden = false;
    form.setAttribute("action", undo.url);
    form.querySelector("button").title = undo.words;
  }

  function tell({ tone, html }, ...buttons) {
    const note = document.createElement("div");
    note.className = `mf-note mf-${{ success: "good", error: "bad", warning: "warning" }[tone] ?? "off"}`;
    const text = document.createElement("span");
    text.innerHTML = html;
    text.append(...buttons);
    note.append(text);
    said.replaceChildren(note);
    document.getElementById("page-said").replaceChildren(); // what came with the page is older
  }

  function held(reason, login) {
    const count = outbox.items.length;
    const wait = count === 1 ? "1 decision is not stored yet." : `${count} decisions are not stored yet.`;
    const words = {
      ended: `Your session has ended. ${count ? wait : ""} You can confirm after you log in again.`,
      forbidden: `The site refused: you may not decide, or your login changed. ${wait}`,
      away: `The site does not answer. ${wait} This page will send them again.`,
    };
    if (!reason) return;
    const buttons = [];
    if (reason === "ended") buttons.push(link("Log in", `${login.split("?")[0]}?next=${encodeURIComponent(review.dataset.home)}`));
    buttons.push(button("Try again", resume));
    tell({ tone: "warning", html: words[reason] }, ...buttons);
  }

  function resume() {
    outbox.held = null;
    said.replaceChildren();
    work();
  }

  function confirmLeft() {
    const left = Outbox.left();
    if (!left.length) return;
    const list = left.map((item) => `${item.title} ${item.words}`);
    tell({ tone: "warning", html: left.length === 1 ? "One decision was not stored: " : `${left.length} decisions were not stored: ` },
      document.createTextNode(`${list.slice(0, 3).join("; ")}${list.length > 3 ? " …" : ""} `),
      button("Store now", () => { said.replaceChildren(); outbox.add(...left); work(); }),
      button("Discard", () => { said.replaceChildren(); outbox.keep(); }));
  }

  function press(key) {
    const found = [...review.querySelectorAll(`[data-key="${key}"]`)].find((one) => one.checkVisibility() && !one.disabled);
    if (key === "u" && outbox.items.length) { // what it takes back is known once the site has answered
      stored().then(() => { stay(); press(key); });
      return true;
    }
    if (!found) return false;
    if (found.form?.matches("[data-decides], [data-undoes]")) take(found.form, found);
    else if (found.href) stored().then(() => go(found.href));
    else found.click();
    return true;
  }

  /** Wait until the site has every decision; keys that come meanwhile wait too. */
  async function stored() {
    wait();
    while (outbox.items.length) await new Promise((done) => setTimeout(done, 20));
  }

  function stay() {
    waits = false;
    shown.inert = false;
    shown.removeAttribute("aria-busy");
  }

  function go(address) {
    leaving = true;
    location.assign(address);
  }

  review.addEventListener("mf-key", (event) => {
    if (waits) {
      keys.push(event.detail);
      event.preventDefault();
    } else if (press(event.detail)) event.preventDefault();
  });
  review.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-decides], [data-undoes]")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!waits && performance.now() - shownAt > SETTLE_MS) take(event.target, event.submitter);
  });
  window.addEventListener("focus", () => outbox.held && resume()); // back from a login in another tab
  window.addEventListener("beforeunload", (event) => {
    if (outbox.items.length > 1 && !leaving) event.preventDefault();
  });
  confirmLeft();
  setTimeout(work, 0);
}

const peaksOf = (part) => {
  const data = JSON.parse(part.querySelector("#comparison-data").textContent);
  return [data.a, data.b].filter(Boolean).map((side) => side.peaks);
};

/** Have the waveforms in the browser's cache before their pair is shown. */
function fetchPeaks(part) {
  const asked = { credentials: "same-origin", priority: "low", headers: { Accept: "application/json" } };
  peaksOf(part).forEach((url) => fetch(url, asked).catch(() => {}));
}

function link(words, href) {
  const made = document.createElement("a");
  Object.assign(made, { textContent: words, href, className: "mf-inline" });
  return made;
}

function button(words, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: words, className: "mf-button mf-inline" });
  made.addEventListener("click", act);
  return made;
}
