// Waits by reason, and the stacks of each reason. Pure.

import { build_tree, path_to, type CallTree } from "./call_tree";
import type { Names, StackRow } from "./source";

export interface Reason {
  /** Index of the summary's classes. */
  index: number;
  time: number;
  count: number;
  rows: StackRow[];
}

/** Most time first. */
export function reasons_of(rows: StackRow[]): Reason[] {
  const reasons = new Map<number, Reason>();
  for (const row of rows) {
    let reason = reasons.get(row[3]);
    if (!reason) reasons.set(row[3], (reason = { index: row[3], time: 0, count: 0, rows: [] }));
    reason.time += row[1];
    reason.count += row[2];
    reason.rows.push(row);
  }
  return [...reasons.values()].sort((a, b) => b.time - a.time);
}

export interface WaitStack {
  time: number;
  count: number;
  /** Functions and lines, the innermost first. */
  frames: { fn: number; line: number }[];
  /** Of `frames`: the innermost that says what the program did, else 0. */
  telling: number;
}

/** Stacks that differ only in lines are one. Most time first. */
export function stacks_of(reason: Reason, names: Names): WaitStack[] {
  const tree = build_tree(reason.rows, names);
  const stacks: WaitStack[] = [];
  for (let node = 1; node < tree.size; node++)
    if (tree.self_count[node] > 0) stacks.push(stack_at(tree, node, names));
  return stacks.sort((a, b) => b.time - a.time);
}

function stack_at(tree: CallTree, node: number, names: Names): WaitStack {
  const frames = path_to(tree, node)
    .reverse()
    .map((at) => ({ fn: tree.fn[at], line: tree.line[at] }));
  const telling = telling_frame(frames, names);
  return { time: tree.self[node], count: tree.self_count[node], frames, telling };
}

// Where programs call the kernel: what is inside these says no more than what was called of them.
const C_LIBRARY = /(?:^|\/)(?:libc|libpthread|ld-musl|ld-linux)[-.][^/]*$/;

function telling_frame(frames: WaitStack["frames"], names: Names): number {
  const first = frames.findIndex(({ fn }) => names.kernel[fn] !== 1);
  if (first < 0) return 0;
  const is_in_library = (index: number) => C_LIBRARY.test(names.modules[frames[index]?.fn] ?? "");
  let at = first;
  while (is_in_library(at) && is_in_library(at + 1)) at++;
  return at;
}
