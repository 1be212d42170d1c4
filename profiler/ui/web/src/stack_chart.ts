// The call stack of one lane over time, as bars: boxes that follow each other and share a caller
// share its bar. Pure.

import type { Box, Names, Range, StateClass } from "./source";

/** Bars of one depth, in order of time. */
export interface ChartRow {
  starts: number[];
  ends: number[];
  functions: number[];
  /** The class if the bar is nothing but waits of it, else −1. */
  waits: number[];
}

export interface Chart {
  rows: ChartRow[];
  range: Range;
  merged: boolean;
}

// Deeper stacks are cut here: more rows than this fill any screen.
const MOST_ROWS = 64;

interface Bar {
  node: number;
  start: number;
  wait: number;
}

/** `gap`: boxes that are no further apart than this are drawn as if they touched (half a pixel). */
export function make_chart(
  boxes: Box[],
  merged: boolean,
  range: Range,
  gap: number,
  names: Names,
  classes: StateClass[],
): Chart {
  const rows: ChartRow[] = [];
  const bars: Bar[] = [];
  let end = -Infinity;

  const close = (depth: number) => {
    while (bars.length > depth) {
      const { node, start, wait } = bars.pop() as Bar;
      const row = (rows[bars.length] ??= { starts: [], ends: [], functions: [], waits: [] });
      row.starts.push(start);
      row.ends.push(end);
      row.functions.push(names.functions[node]);
      row.waits.push(wait);
    }
  };

  for (const [start, box_end, kind, node] of boxes) {
    if (start - end > gap) close(0);
    const path = names.path(node).slice(0, MOST_ROWS);
    let shared = 0;
    while (shared < path.length && shared < bars.length && bars[shared].node === path[shared])
      shared++;
    close(shared);
    const wait = classes[kind]?.kind === "waiting" ? kind : -1;
    for (const bar of bars) if (bar.wait !== wait) bar.wait = -1;
    for (const one of path.slice(shared)) bars.push({ node: one, start, wait });
    end = box_end;
  }
  close(0);
  return { rows, range, merged };
}
