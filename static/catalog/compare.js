// The side-by-side view: two waveforms, the locked player, its buttons, and the play heads in the plots.
import { Alignment, LockedPlayer } from "./locked_player.js";
import { Links, Waveform } from "./waveform.js";
import { clock } from "../staff/values.js";

const STEP_S = 5;
const FOLLOW_MS = 500;
const LISTENING = "review-listening";

function start(root) {
  const data = JSON.parse(document.getElementById("comparison-data").textContent);
  const alignment = new Alignment(data);
  const audio = { a: root.querySelector("audio[data-side=a]"), b: root.querySelector("audio[data-side=b]") };
  const waves = {};
  const matched = { a: data.segments.map(([s, e]) => [s, e]), b: data.segments.map(([, , s, e]) => [s, e]) };
  const toClock = { a: (seconds) => seconds, b: (seconds) => alignment.plainA(seconds) };
  for (const side of ["a", "b"]) {
    const canvas = root.querySelector(`canvas[data-side=${side}]`);
    if (canvas && data[side]) {
      waves[side] = new Waveform(canvas, { durationS: data[side].duration_s, toClock: toClock[side], matched: matched[side] });
    }
  }
  if (!data.a && !data.b) return;
  root.querySelectorAll("[data-scripted]").forEach((part) => { part.hidden = false; });
  const links = new Links(root.querySelector("canvas.mf-joined"), {
    pieces: data.segments.map(([start, end, bStart, bEnd]) => [[start, end], [toClock.b(bStart), toClock.b(bEnd)]]),
  });
  const player = new LockedPlayer({ ...audio, alignment, keepsPitch: data.keeps_pitch, onChange: () => show() });
  if (!data.a) player.switchTo("b");

  const whole = wholeRange(data, alignment);
  const close = closeRange(data, whole);
  let zoomed = close[1] - close[0] < 0.25 * (whole[1] - whole[0]);
  let isDue = false;
  const drawAll = () => { // once a frame, however many things changed
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      [...Object.values(waves), links].forEach((part) => part.draw());
    });
  };
  const setView = () => {
    [...Object.values(waves), links].forEach((part) => { part.view = zoomed ? close : whole; });
    const button = root.querySelector("[data-act=zoom]");
    button.setAttribute("aria-pressed", String(zoomed));
    button.querySelector("[data-word]").textContent = zoomed ? "show all" : "show the match";
    drawAll();
  };

  function show() {
    const clockS = player.clock();
    const own = player.audio();
    root.dataset.heard = player.heard;
    root.dataset.playing = String(player.isPlaying);
    root.dataset.clock = clockS.toFixed(2);
    root.querySelector("[data-show=clock]").textContent = `${clock(own.currentTime)} / ${clock(own.duration || 0)}`;
    root.querySelector("[data-show=icon]").textContent = player.isPlaying ? "pause" : "play_arrow";
    root.querySelector("[data-act=play]").setAttribute("aria-label", player.isPlaying ? "Pause" : "Play");
    for (const side of ["a", "b"]) {
      root.querySelector(`[data-act=hear-${side}]`)?.setAttribute("aria-pressed", String(player.heard === side));
      root.querySelector(`.mf-track[data-side=${side}]`)?.classList.toggle("mf-heard", player.heard === side);
    }
    for (const [side, wave] of Object.entries(waves)) {
      wave.now = toClock[side](player.place(side, clockS)); // where it is drawn: a piece of B may lie elsewhere
    }
    drawAll();
    showInPlots(clockS);
  }

  let followedAt = 0;
  const tick = (now) => {
    if (!root.isConnected) return; // the next pair is shown in its place
    if (player.isPlaying) {
      player.stayInLoop();
      if (now - followedAt > FOLLOW_MS) {
        player.follow();
        followedAt = now;
      }
      show();
    }
    requestAnimationFrame(tick);
  };

  const acts = {
    play: () => player.toggle(),
    "hear-a": () => player.switchTo("a"),
    "hear-b": () => player.switchTo("b"),
    switch: () => player.switchTo(player.heard === "a" ? "b" : "a"),
    back: () => player.seek(player.clock() - STEP_S),
    on: () => player.seek(player.clock() + STEP_S),
    match: () => player.seek(data.segments[0][0]),
    zoom: () => { zoomed = !zoomed; setView(); },
    loop: () => set("loop", !listening.loop),
    equal: () => set("equal", !listening.equal),
  };
  const listening = remembered();
  const applied = {
    loop: () => { player.loop = listening.loop ? span(data.segments) : null; },
    equal: () => player.setVolumes(listening.equal ? equalVolumes(waves) : { a: 1, b: 1 }),
  };
  function set(name, value) {
    listening[name] = value;
    sessionStorage.setItem(LISTENING, JSON.stringify(listening));
    root.querySelector(`[data-act=${name}]`).setAttribute("aria-pressed", String(value));
    applied[name]();
  }
  root.querySelectorAll("[data-act]").forEach((button) => {
    button.addEventListener("click", () => acts[button.dataset.act]());
  });
  root.addEventListener("mf-act", (event) => acts[event.detail]());
  for (const [side, wave] of Object.entries(waves)) {
    wave.canvas.addEventListener("click", (event) => {
      const clockS = wave.clockAt(event.offsetX);
      player.seek(side === "a" ? clockS : alignment.toA(alignment.plainB(clockS)));
    });
  }
  document.querySelectorAll("svg[data-end]").forEach((plot) => {
    plot.addEventListener("click", (event) => {
      player.seek((event.offsetX / plot.clientWidth) * Number(plot.dataset.end));
    });
  });
  const observers = [new ResizeObserver(() => drawAll()), new MutationObserver(() => drawAll())];
  observers[0].observe(root);
  observers[1].observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  root.addEventListener("mf-leave", () => {
    player.pause();
    observers.forEach((observer) => observer.disconnect());
    Object.values(audio).forEach((one) => one?.removeAttribute("src"));
  });
  for (const side of ["a", "b"]) {
    audio[side]?.addEventListener("loadedmetadata", show);
    audio[side]?.addEventListener("error", () => showBroken(root, side));
    waves[side]?.load(data[side].peaks).then(() => applied.equal());
  }
  set("loop", listening.loop);
  set("equal", listening.equal);
  setView();
  if (data.a) player.seek(data.segments[0][0]);
  show();
  requestAnimationFrame(tick);
}

function remembered() {
  try {
    return { loop: false, equal: false, ...JSON.parse(sessionStorage.getItem(LISTENING)) };
  } catch {
    return { loop: false, equal: false };
  }
}

function span(segments) {
  return [Math.min(...segments.map(([start]) => start)), Math.max(...segments.map(([, end]) => end))];
}

// The louder one is turned down to the other's mean level along the match: turning one up could clip it.
function equalVolumes(waves) {
  const levels = { a: waves.a?.matchedLevel() || 0, b: waves.b?.matchedLevel() || 0 };
  const quieter = Math.min(levels.a, levels.b);
  const volume = (level) => (quieter > 0 ? quieter / level : 1);
  return { a: volume(levels.a), b: volume(levels.b) };
}

function wholeRange(data, alignment) {
  const ends = [];
  if (data.a) ends.push(0, data.a.duration_s);
  if (data.b) ends.push(alignment.plainA(0), alignment.plainA(data.b.duration_s));
  return [Math.min(...ends), Math.max(...ends)];
}

function closeRange(data, whole) {
  const [from, to] = span(data.segments);
  const room = Math.max((to - from) * 0.15, 1);
  return [Math.max(from - room, whole[0]), Math.min(to + room, whole[1])];
}

function showInPlots(clockS) {
  document.querySelectorAll("svg[data-end]").forEach((plot) => {
    const head = plot.querySelector(".mf-now");
    const end = Number(plot.dataset.end);
    head.style.visibility = clockS >= 0 && clockS <= end ? "visible" : "hidden";
    const x = (clockS / end) * Number(plot.viewBox.baseVal.width);
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
  });
}

function showBroken(root, side) {
  root.querySelector(`.mf-track[data-side=${side}] [data-show=broken]`).hidden = false;
}

const startIn = (part) => part.querySelectorAll("[data-comparison]").forEach(start);
startIn(document);
document.addEventListener("mf-shown", (event) => startIn(event.detail));
