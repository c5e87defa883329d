// A waveform on A's clock: drawn from the server's peaks, matched stretches shaded, a click seeks.
import { clock } from "../staff/values.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Waveform {
  /** `toClock` maps the track's own seconds to A's clock; `matched` are [start, end] in the track's own seconds. */
  constructor(canvas, { durationS, toClock, matched }) {
    this.canvas = canvas;
    this.durationS = durationS;
    this.toClock = toClock;
    this.matched = matched;
    this.peaks = [];
    this.loudest = 1;
    this.peaksPerS = 1;
    this.view = [0, 1];
    this.now = null;
  }

  async load(url) {
    const note = (text) => (text ? this.canvas.parentElement.setAttribute("data-note", text)
      : this.canvas.parentElement.removeAttribute("data-note"));
    for (let tries = 0; tries < 60; tries += 1) {
      const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (answer.status === 200) {
        const body = await answer.json();
        this.loudest = body.peaks.reduce((most, peak) => Math.max(most, peak), 1);
        this.peaks = body.peaks.map((peak) => peak / this.loudest); // a quiet copy is to be compared by its shape
        this.peaksPerS = body.peaks_per_s;
        note(this.peaks.length ? "" : "no waveform: the file could not be decoded");
        this.draw();
        return;
      }
      if (answer.status === 401) {
        note("no waveform: your session has ended");
        return;
      }
      if (answer.status !== 202) break;
      note("drawing the waveform …");
      await new Promise((done) => setTimeout(done, 1000));
    }
    note("no waveform yet: is a worker running?");
  }

  x(clockS) {
    const [from, to] = this.view;
    return ((clockS - from) / (to - from)) * this.canvas.clientWidth;
  }

  clockAt(x) {
    const [from, to] = this.view;
    return from + (x / this.canvas.clientWidth) * (to - from);
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    this.shade(pen, height);
    this.drawPeaks(pen, width, height);
    this.drawHead(pen, height);
  }

  shade(pen, height) {
    pen.fillStyle = colour("--mf-shade");
    for (const [start, end] of this.matched) {
      const left = this.x(this.toClock(start));
      pen.fillRect(left, 0, Math.max(this.x(this.toClock(end)) - left, 1), height);
    }
  }

  drawPeaks(pen, width, height) {
    const plain = colour("--mf-wave");
    const strong = colour("--mf-wave-matched");
    const first = Math.max(Math.floor(this.x(this.toClock(0))), 0);
    const last = Math.min(Math.ceil(this.x(this.toClock(this.durationS))), width);
    for (let x = first; x < last; x += 2) {
      const from = this.ownSeconds(x);
      const to = this.ownSeconds(x + 2);
      const size = (this.peakBetween(from, to)) * (height - 8);
      pen.fillStyle = this.isMatched((from + to) / 2) ? strong : plain;
      pen.fillRect(x, (height - Math.max(size, 1)) / 2, 1.4, Math.max(size, 1));
    }
  }

  ownSeconds(x) {
    const zero = this.toClock(0);
    const slope = this.toClock(1) - zero;
    return (this.clockAt(x) - zero) / slope;
  }

  peakBetween(fromS, toS) {
    const first = Math.max(Math.floor(fromS * this.peaksPerS), 0);
    const last = Math.max(Math.ceil(toS * this.peaksPerS), first + 1);
    let most = 0;
    for (let i = first; i < last && i < this.peaks.length; i += 1) most = Math.max(most, this.peaks[i]);
    return most;
  }

  /** The mean height of the waveform along what is matched, as loud as it is. */
  matchedLevel() {
    const matched = this.peaks.filter((_, index) => this.isMatched(index / this.peaksPerS));
    return matched.length ? (this.loudest * matched.reduce((sum, peak) => sum + peak, 0)) / matched.length : 0;
  }

  isMatched(seconds) {
    return this.matched.some(([start, end]) => seconds >= start && seconds <= end);
  }

  drawHead(pen, height) {
    if (this.now === null) return;
    pen.fillStyle = colour("--mf-head");
    pen.fillRect(this.x(this.now) - 0.75, 0, 1.5, height);
  }
}

const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];

/** What lies between two waveforms: the clock, and each matched stretch of A joined to where it lies in B. */
export class Links {
  constructor(canvas, { pieces }) {
    this.canvas = canvas;
    this.pieces = pieces; // [[a start, a end], [b start, b end]] on A's clock
    this.view = [0, 1];
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const [from, to] = this.view;
    const x = (clockS) => ((clockS - from) / (to - from)) * width;
    pen.fillStyle = colour("--mf-shade");
    for (const [[aStart, aEnd], [bStart, bEnd]] of this.pieces) {
      pen.beginPath();
      pen.moveTo(x(aStart), 0);
      pen.lineTo(x(aEnd), 0);
      pen.lineTo(x(bEnd), height);
      pen.lineTo(x(bStart), height);
      pen.fill();
    }
    pen.fillStyle = colour("--mf-dim");
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const step = TICKS_S.find((seconds) => x(from + seconds) > 64) ?? 3600;
    for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) {
      const words = (tick < 0 ? "\u2212" : "") + clock(Math.abs(tick));
      const left = x(tick) + 4;
      pen.fillRect(x(tick), height / 2 - 6, 1, 12);
      if (left + pen.measureText(words).width < width) pen.fillText(words, left, height / 2);
    }
  }
}
