// What a lane did, in words. Pure.

import type { StateClass } from "./source";

/**
 * A word or two: for legends and on the lanes. A wait of which no reason is known is called
 * "waiting".
 */
export function word_of(one: StateClass): string {
  return one.kind === "waiting" && one.name === "unknown" ? "waiting" : one.name;
}

/** For the card beside the pointer and the details. */
export function words_of(one: StateClass | undefined): string {
  if (!one) return "unknown";
  if (one.kind === "stalled") return "had a CPU that stood still";
  if (one.kind === "ready") return "ready, but had no CPU";
  if (one.kind === "unknown") return "not known";
  const word = word_of(one);
  return one.kind === "waiting" && word !== "waiting" ? `waiting: ${word}` : word;
}
