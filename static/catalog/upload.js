// Many files, one after the other, each with its own bar; then their verdicts as the workers find them.
import { size } from "../staff/values.js";

const form = document.querySelector("form[data-most-bytes]");
const picker = form.querySelector("input[type=file]");
const zone = form.querySelector(".mf-drop");
const said = zone.querySelector("input[type=text]"); // what the field shows as chosen
const chosen = form.querySelector("[data-chosen]");
const section = form.querySelector("[data-arrivals]");
const list = section.querySelector("ol");
const summary = section.querySelector("[data-summary]");
const toReview = section.querySelector("[data-to-review]"); // not there for those who may not see it
const button = form.querySelector("button[type=submit]");
const ASK_AGAIN_MS = 1500;

const arrivals = []; // {file, row, state: "waiting" | "sending" | "running" | "done" | "refused", pk}
let sending = false;
let asking = null;
let waiting = []; // files chosen or dropped, not yet sent

picker.multiple = true;

function choose(files) {
  waiting = [...files];
  const data = new DataTransfer();
  waiting.forEach(file => data.items.add(file));
  picker.files = data.files;
  picker.dispatchEvent(new Event("change", { bubbles: true }));
}

function take(file) {
  const row = document.getElementById("arrival").content.firstElementChild.cloneNode(true);
  const name = row.querySelector(".mf-arrival-name");
  name.textContent = name.title = file.name;
  row.querySelector("[data-size]").textContent = size(file.size);
  row.querySelector("progress").setAttribute("aria-label", `Upload of ${file.name}`);
  list.append(row);
  const arrival = { file, row, state: "waiting", pk: null };
  arrivals.push(arrival);
  if (file.size > Number(form.dataset.mostBytes)) refuse(arrival, form.dataset.tooLarge);
}

function say(arrival, text) {
  arrival.row.querySelector("[data-state]").textContent = text;
}

function refuse(arrival, reason) {
  arrival.state = "refused";
  arrival.row.querySelector("progress").hidden = true;
  arrival.row.classList.add("mf-refused");
  say(arrival, reason);
}

function count(...states) {
  return arrivals.filter(arrival => states.includes(arrival.state)).length;
}

function tell() {
  const open = count("waiting", "sending");
  const parts = [open ? `Uploading: ${arrivals.length - open} of ${arrivals.length} files` : `${arrivals.length} files`];
  if (count("running")) parts.push(`${count("running")} in progress`);
  if (count("done")) parts.push(`${count("done")} done`);
  if (count("refused")) parts.push(`${count("refused")} refused`);
  summary.textContent = parts.join(" · ");
}

function send(arrival) {
  return new Promise(settle => {
    const request = new XMLHttpRequest();
    const body = new FormData(form);
    body.set(picker.name, arrival.file, arrival.file.name);
    const bar = arrival.row.querySelector("progress");
    request.upload.addEventListener("progress", event => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      let answer = null;
      try { answer = JSON.parse(request.responseText); } catch { /* not ours: a proxy's page, or nothing at all */ }
      if (request.status === 200 && answer?.pk) {
        arrival.state = "running";
        arrival.pk = answer.pk;
        const link = document.createElement("a");
        link.href = answer.url;
        link.className = "mf-link";
        link.textContent = arrival.file.name;
        arrival.row.querySelector(".mf-arrival-name").replaceChildren(link);
        bar.hidden = true;
        say(arrival, "in the catalog");
      } else {
        refuse(arrival, answer?.reason ?? answer?.detail ?? (request.status === 403 ? "You are logged out or may not upload. Reload the page." : "The upload was interrupted. Choose the file again."));
      }
      settle();
    });
    request.open("POST", form.action || window.location.href);
    request.setRequestHeader("Accept", "application/json");
    arrival.state = "sending";
    say(arrival, "uploading");
    request.send(body);
  });
}

async function work() {
  if (sending) return;
  sending = true;
  for (let next; (next = arrivals.find(arrival => arrival.state === "waiting")); ) {
    tell();
    await send(next);
    ask();
  }
  sending = false;
  tell();
}

function ask() {
  if (asking === null) asking = setTimeout(look, ASK_AGAIN_MS);
}

async function look() {
  asking = null;
  const open = arrivals.filter(arrival => arrival.state === "running");
  if (!open.length) return;
  try {
    const answer = await fetch(`${form.dataset.standing}?tracks=${open.slice(0, 200).map(arrival => arrival.pk)}`, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      for (const told of (await answer.json()).rows) {
        const arrival = open.find(one => one.pk === told.pk);
        arrival.row.querySelector("[data-state]").innerHTML = told.html || "in the catalog";
        if (told.settled) arrival.state = "done";
        if (told.duplicate && toReview) toReview.hidden = false;
      }
    }
  } catch { /* the server is away for a moment: ask again */ }
  tell();
  if (count("running")) ask();
}

// What is about to be sent, by name; of several the field itself says how many they are.
function listChosen() {
  chosen.hidden = !waiting.length;
  chosen.replaceChildren(...waiting.map(file => {
    const row = document.createElement("li");
    row.textContent = `${file.name}, ${size(file.size)}`;
    return row;
  }));
  const all = `${waiting.length} files, ${size(waiting.reduce((sum, file) => sum + file.size, 0))}`;
  if (waiting.length > 1) setTimeout(() => { said.value = all; }); // the theme has written the first name by then
}

// The whole page takes drops: beside the zone the browser would open the file and leave the page.
for (const kind of ["dragenter", "dragover"]) {
  window.addEventListener(kind, event => { event.preventDefault(); zone.classList.add("mf-over"); });
}
window.addEventListener("dragleave", event => { if (!event.relatedTarget) zone.classList.remove("mf-over"); });
window.addEventListener("drop", event => {
  event.preventDefault();
  zone.classList.remove("mf-over");
  if (event.dataTransfer.files.length) choose([...waiting, ...event.dataTransfer.files]);
});
picker.addEventListener("change", () => {
  waiting = [...picker.files];
  listChosen();
  button.lastChild.textContent = waiting.length > 1 ? `Upload ${waiting.length} files` : "Upload";
});
form.addEventListener("submit", event => {
  if (!waiting.length) return;
  event.preventDefault();
  section.hidden = false;
  waiting.forEach(take);
  waiting = [];
  picker.value = "";
  picker.dispatchEvent(new Event("change", { bubbles: true }));
  work();
});
window.addEventListener("beforeunload", event => { if (count("waiting", "sending")) event.preventDefault(); });
