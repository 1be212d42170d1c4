// The range of time that is on the screen: zoom, pan, and which level of tiles fits it. Pure.

import { BUCKETS_PER_TILE, type Range } from "./source";

// Nothing happens faster than this: a switch takes about a microsecond.
const LEAST_SPAN_NS = 1000;

/** Moves and shrinks a range into the capture; its span is kept where possible. */
export function fit(range: Range, duration: number): Range {
  const whole = Math.max(duration, LEAST_SPAN_NS);
  const span = Math.min(Math.max(range.to - range.from, LEAST_SPAN_NS), whole);
  const middle = (range.from + range.to) / 2;
  const from = Math.min(Math.max(middle - span / 2, 0), whole - span);
  return { from, to: from + span };
}

/** `factor` below 1 shows less, larger; `at` (0 to 1 of the width) stays where it is. */
export function zoom(view: Range, factor: number, at: number, duration: number): Range {
  const span = view.to - view.from;
  const whole = Math.max(duration, LEAST_SPAN_NS);
  const next = Math.min(Math.max(span * factor, LEAST_SPAN_NS), whole);
  const from = view.from + (span - next) * at;
  return fit({ from, to: from + next }, duration);
}

/** By a fraction of what is shown. */
export function pan(view: Range, fraction: number, duration: number): Range {
  const by = (view.to - view.from) * fraction;
  return fit({ from: view.from + by, to: view.to + by }, duration);
}

/** The range with room on both sides, as one looks at a freeze. */
export function with_margin(range: Range, share: number, duration: number): Range {
  const margin = Math.max((range.to - range.from) * share, LEAST_SPAN_NS / 2);
  return fit({ from: range.from - margin, to: range.to + margin }, duration);
}

/** The level whose buckets are one to two pixels wide, or the finest there is. */
export function level_for(ns_per_pixel: number, finest: number): number {
  return Math.max(finest, Math.ceil(Math.log2(Math.max(ns_per_pixel, 1))), 0);
}

/**
 * The finest level at which the capture fits into two tiles: asked for first, shown until finer
 * ones come.
 */
export function coarse_level(duration: number, finest: number): number {
  return level_for(duration / (2 * BUCKETS_PER_TILE), finest);
}

export function bucket_ns(level: number): number {
  return 2 ** level;
}

export function tile_ns(level: number): number {
  return BUCKETS_PER_TILE * bucket_ns(level);
}

/** First and last tile of a level that a range touches. */
export function tiles_of(range: Range, level: number): { first: number; last: number } {
  const size = tile_ns(level);
  const first = Math.max(0, Math.floor(range.from / size));
  return { first, last: Math.max(first, Math.ceil(range.to / size) - 1) };
}
