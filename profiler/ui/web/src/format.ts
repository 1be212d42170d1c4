// Times, counts and files in words and the marks of the time axis. Pure.

const UNITS: [number, string][] = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];

/** A length with three significant digits: 12.3 ms. */
export function duration(ns: number): string {
  if (!(ns > 0)) return "0";
  const [size, unit] = UNITS.find(([size]) => ns >= size * 0.9995) ?? UNITS[3];
  const value = ns / size;
  const digits = unit === "ns" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/**
 * A moment, as exact as `step` between neighbours needs: 1.234567 s. `like`: has the unit of that.
 */
export function moment(ns: number, step: number, like = ns): string {
  const [size, unit] = UNITS.find(([size]) => like >= size) ?? UNITS[3];
  const digits = Math.ceil(Math.log10(size) - Math.log10(Math.max(step, 1)) - 1e-9);
  return `${(ns / size).toFixed(Math.max(0, Math.min(9, digits)))} ${unit}`;
}

export function count(n: number): string {
  return n.toLocaleString("en-GB");
}

/** Large counts in three digits: 1.41 M. */
export function short_count(n: number): string {
  if (n < 10_000) return count(n);
  const [size, unit] = n < 999_500 ? [1e3, "k"] : n < 999_500_000 ? [1e6, "M"] : [1e9, "G"];
  return `${(n / size).toPrecision(3)} ${unit}`;
}

/** The name of a file without its folders. */
export function base_name(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

export function percent(part: number, whole: number): string {
  if (!(whole > 0)) return "0 %";
  const value = (100 * part) / whole;
  if (value > 0 && value < 0.05) return "<0.1 %";
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** Distance between marks: 1, 2 or 5 times a power of ten, at least `least` ns and 1 ns. */
export function mark_step(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  for (const factor of [1, 2, 5, 10]) if (power * factor >= least) return power * factor;
  return power * 10;
}

/** Moments of marks within [from, to]. */
export function marks(from: number, to: number, step: number): number[] {
  const found: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) found.push(i * step);
  return found;
}

/** Label of a mark; all marks up to `last` have the same unit. */
export function mark_label(ns: number, step: number, last: number): string {
  return ns === 0 ? "0" : moment(ns, step, last);
}
