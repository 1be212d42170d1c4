// Going from freeze to freeze. Pure.

import type { Freeze, Range } from "./source";

export function range_of(freeze: Freeze): Range {
  return { from: freeze.start, to: freeze.start + freeze.length };
}

export function longest_freeze(freezes: Freeze[]): number | null {
  let longest: number | null = null;
  freezes.forEach(({ length }, i) => {
    if (longest === null || length > freezes[longest].length) longest = i;
  });
  return longest;
}

/**
 * The freeze after (`by` 1) or before (−1) the one gone to last, if that is still on the screen,
 * else after or before the middle of the screen. Goes round at the ends.
 */
export function next_freeze(
  freezes: Freeze[],
  last: number | null,
  view: Range,
  by: 1 | -1,
): number | null {
  if (freezes.length === 0) return null;
  const round = (i: number) => (i + freezes.length) % freezes.length;
  const here = last === null ? undefined : freezes[last];
  const is_shown = here && here.start < view.to && here.start + here.length > view.from;
  if (last !== null && is_shown) return round(last + by);
  const middle = (view.from + view.to) / 2;
  const after = freezes.findIndex(({ start }) => start > middle);
  if (by === 1) return after < 0 ? 0 : after;
  return round((after < 0 ? freezes.length : after) - 1);
}

/** Freezes that are at least partly within a range, with their index. */
export function freezes_within(
  freezes: Freeze[],
  range: Range,
): { freeze: Freeze; index: number }[] {
  return freezes
    .map((freeze, index) => ({ freeze, index }))
    .filter(({ freeze }) => freeze.start < range.to && freeze.start + freeze.length > range.from);
}

/** What a freeze was, in words for its mark. */
export function title_of(freeze: Freeze): string {
  return freeze.cause || (freeze.functions[0] ? `in ${freeze.functions[0]}` : "cause unknown");
}
