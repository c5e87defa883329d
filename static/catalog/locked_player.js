// Two recordings locked together by their alignment: both play, one is heard, switching loses no beat.

const DRIFT_S = 0.08; // what the ear takes for the same moment

export class Alignment {
  /** `offset_s`: B's time at A's zero; `tempo_ratio`: seconds of B that pass in one second of A. */
  constructor({ offset_s: offsetS, tempo_ratio: tempo, segments }) {
    this.offsetS = offsetS;
    this.tempo = tempo > 0 ? tempo : 1;
    this.segments = segments;
  }

  /** B's seconds at A's. Inside a matched segment the segment's own line holds, so edits and swaps stay together. */
  toB(a) {
    const inside = this.segments.find(([start, end]) => a >= start && a <= end && end > start);
    if (!inside) return this.plainB(a);
    const [aStart, aEnd, bStart, bEnd] = inside;
    return bStart + ((a - aStart) / (aEnd - aStart)) * (bEnd - bStart);
  }

  toA(b) {
    const inside = this.segments.find(([, , start, end]) => b >= start && b <= end && end > start);
    if (!inside) return this.plainA(b);
    const [aStart, aEnd, bStart, bEnd] = inside;
    return aStart + ((b - bStart) / (bEnd - bStart)) * (aEnd - aStart);
  }

  plainB(a) {
    return this.offsetS + a * this.tempo;
  }

  /** One straight line for all of B: what B's waveform is drawn on. */
  plainA(b) {
    return (b - this.offsetS) / this.tempo;
  }
}

export class LockedPlayer {
  constructor({ a, b, alignment, keepsPitch, onChange }) {
    this.a = a;
    this.b = b;
    this.alignment = alignment;
    this.heard = "a";
    this.isPlaying = false;
    this.loop = null; // [from, to] on A's clock
    this.onChange = onChange;
    if (b) {
      b.defaultPlaybackRate = alignment.tempo;
      b.playbackRate = alignment.tempo;
      b.preservesPitch = keepsPitch;
    }
    for (const audio of [a, b]) {
      if (audio) audio.addEventListener("ended", () => audio === this.audio() && this.pause());
    }
    this.mute();
  }

  audio(side = this.heard) {
    return side === "a" ? this.a : this.b;
  }

  /** Seconds on A's clock; before A's beginning they are negative. */
  clock() {
    return this.heard === "a" ? this.a.currentTime : this.alignment.toA(this.b.currentTime);
  }

  place(side, clockS) {
    return side === "a" ? clockS : this.alignment.toB(clockS);
  }

  reaches(side, clockS) {
    const audio = this.audio(side);
    const seconds = this.place(side, clockS);
    return Boolean(audio) && seconds >= -0.05 && !(seconds > audio.duration - 0.05);
  }

  seek(clockS) {
    const audio = this.audio();
    const longest = Number.isFinite(audio.duration) ? audio.duration : Infinity;
    audio.currentTime = Math.min(Math.max(this.place(this.heard, clockS), 0), longest);
    this.follow(true);
    this.onChange();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  async play() {
    this.isPlaying = true;
    this.follow(true);
    try {
      await this.audio().play();
    } catch (error) {
      if (error.name !== "AbortError") this.isPlaying = false;
    }
    this.onChange();
  }

  pause() {
    this.isPlaying = false;
    for (const audio of [this.a, this.b]) if (audio) audio.pause();
    this.onChange();
  }

  switchTo(side) {
    if (side === this.heard || !this.audio(side)) return;
    const clockS = this.clock();
    this.heard = side;
    const audio = this.audio();
    const wanted = this.place(side, clockS);
    if (Math.abs(audio.currentTime - wanted) > DRIFT_S) this.seek(clockS);
    this.mute();
    if (this.isPlaying) audio.play().catch(() => this.pause());
    this.onChange();
  }

  stayInLoop() {
    if (!this.loop) return;
    const [from, to] = this.loop;
    const clockS = this.clock();
    if (clockS >= to || clockS < from - DRIFT_S) this.seek(from);
  }

  setVolumes({ a, b }) {
    if (this.a) this.a.volume = a;
    if (this.b) this.b.volume = b;
  }

  mute() {
    if (this.a) this.a.muted = this.heard !== "a";
    if (this.b) this.b.muted = this.heard !== "b";
  }

  /** Keep the silent one at its place, so that a switch is heard at once. */
  follow(always = false) {
    const other = this.heard === "a" ? "b" : "a";
    const audio = this.audio(other);
    if (!audio) return;
    const clockS = this.clock();
    if (!this.reaches(other, clockS)) {
      audio.pause();
      return;
    }
    const wanted = this.place(other, clockS);
    if (always || Math.abs(audio.currentTime - wanted) > DRIFT_S) audio.currentTime = Math.max(wanted, 0);
    if (this.isPlaying && audio.paused) audio.play().catch(() => {});
  }
}
