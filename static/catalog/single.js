// One track's player with its waveform: a click seeks, the play head follows.
import { Waveform } from "./waveform.js";

document.querySelectorAll("[data-single]").forEach((root) => {
  const durationS = Number(root.dataset.duration);
  const audio = root.querySelector("audio");
  const wave = new Waveform(root.querySelector("canvas"), { durationS, toClock: (seconds) => seconds, matched: [] });
  wave.view = [0, durationS];
  wave.load(root.dataset.peaks);
  wave.canvas.addEventListener("click", (event) => {
    audio.currentTime = wave.clockAt(event.offsetX);
  });
  const redraw = () => wave.draw();
  const fingerprint = document.querySelector("[data-seek]");
  fingerprint?.addEventListener("click", (event) => {
    const box = fingerprint.getBoundingClientRect();
    audio.currentTime = ((event.clientX - box.left) / box.width) * durationS;
  });
  audio.addEventListener("timeupdate", () => {
    wave.now = audio.currentTime;
    redraw();
    const head = fingerprint?.querySelector(".mf-head");
    if (!head) return;
    head.hidden = false;
    head.style.left = `${(audio.currentTime / durationS) * 100}%`;
  });
  new ResizeObserver(redraw).observe(root);
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
});
