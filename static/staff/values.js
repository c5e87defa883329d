// Values as a person reads them, written as staff/display.py writes them.
const UNITS = ["KB", "MB", "GB"];

// A place in a recording: `m:ss` or `h:mm:ss`.
export function clock(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// Bytes in a fitting unit.
export function size(count) {
  if (count < 1024) return `${count}\u00a0byte${count === 1 ? "" : "s"}`;
  const power = Math.min(Math.floor(Math.log2(count) / 10), UNITS.length);
  return `${(count / 1024 ** power).toFixed(1)}\u00a0${UNITS[power - 1]}`;
}
