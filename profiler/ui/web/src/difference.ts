// What changed between two selections, of one capture or of two. Functions are the same if name and
// path of the module are: numbers of another capture mean nothing here.
//
// A change is noise unless chance alone would rarely make it: shares are compared by a two-proportion
// z-test with the pooled share, rates by the difference of two Poisson counts over its deviation; both
// with the samples that were taken, |z| < 2 is noise. Samples of one burst are not independent, so a
// change that is just beyond it may be chance too. Pure.

import { function_costs, type CallTree } from "./call_tree";
import type { Names } from "./source";

const LEAST_Z = 2;

export interface Side {
  tree: CallTree;
  names: Names;
  /** Length of the range. */
  seconds: number;
  /** Samples per second of CPU time; 0 unknown. */
  hz: number;
}

/** Shares of all samples, or CPU time per second of the range in ms (samples where hz is unknown). */
export type Measure = "share" | "rate";

export interface Amount {
  before: number;
  after: number;
  z: number;
}

export interface FunctionChange {
  name: string;
  module: string;
  kernel: boolean;
  /** Number in each side's names, null where it is not seen. */
  fn_before: number | null;
  fn_after: number | null;
  self: Amount;
  total: Amount;
}

/** Largest change of self first. */
export function function_changes(before: Side, after: Side, measure: Measure): FunctionChange[] {
  const changes = new Map<string, FunctionChange & { counts: number[] }>();
  [before, after].forEach((side, place) => {
    for (const cost of function_costs(side.tree)) {
      if (cost.fn < 0) continue;
      const key = key_of(side.names, cost.fn);
      let change = changes.get(key);
      if (!change) changes.set(key, (change = no_change(side.names, cost.fn)));
      change[place === 0 ? "fn_before" : "fn_after"] = cost.fn;
      const end = place === 0 ? "before" : "after";
      change.self[end] = amount_of(cost.self, side, measure);
      change.total[end] = amount_of(cost.total, side, measure);
      change.counts[place] = cost.self_count;
      change.counts[2 + place] = cost.count;
    }
  });
  for (const change of changes.values()) {
    change.self.z = z_of(change.counts[0], before, change.counts[1], after, measure);
    change.total.z = z_of(change.counts[2], before, change.counts[3], after, measure);
  }
  const moved = ({ before, after }: Amount) => Math.abs(after - before);
  return [...changes.values()].sort(
    (a, b) => moved(b.self) - moved(a.self) || moved(b.total) - moved(a.total),
  );
}

function no_change(names: Names, fn: number): FunctionChange & { counts: number[] } {
  return {
    name: names.names[fn],
    module: names.modules[fn],
    kernel: names.kernel[fn] === 1,
    fn_before: null,
    fn_after: null,
    self: { before: 0, after: 0, z: 0 },
    total: { before: 0, after: 0, z: 0 },
    counts: [0, 0, 0, 0],
  };
}

/** Of a frame that is drawn: as it was at the same place of the other side's tree. */
export interface FrameChanges {
  /** By node of `after`: total there and in `before`, as Measure. */
  before: Float64Array;
  after: Float64Array;
  z: Float64Array;
}

export function frame_changes(before: Side, after: Side, measure: Measure): FrameChanges {
  const size = after.tree.size;
  const changes: FrameChanges = {
    before: new Float64Array(size),
    after: new Float64Array(size),
    z: new Float64Array(size),
  };
  const twins = nodes_alike(before, after);
  for (let node = 0; node < size; node++) {
    const twin = twins[node];
    changes.after[node] = amount_of(after.tree.total[node], after, measure);
    changes.before[node] = twin < 0 ? 0 : amount_of(before.tree.total[twin], before, measure);
    const count = twin < 0 ? 0 : before.tree.count[twin];
    changes.z[node] = z_of(count, before, after.tree.count[node], after, measure);
  }
  return changes;
}

/** By node of `after`, the node of `before` with the same callers; −1 if there is none. */
function nodes_alike(before: Side, after: Side): Int32Array {
  const function_of = functions_alike(before.names, after.names);
  const twins = new Int32Array(after.tree.size).fill(-1);
  twins[0] = 0;
  for (let node = 0; node < after.tree.size; node++) {
    if (twins[node] < 0) continue;
    const find = finder_of(before.tree, twins[node]);
    for (const child of after.tree.children(node)) {
      const fn = function_of(after.tree.fn[child]);
      if (fn !== undefined) twins[child] = find(fn);
    }
  }
  return twins;
}

// Nearly all nodes have fewer children than this: looking at each is faster than a map of them.
const FEW = 8;

/** Finds the child that is a function; −1 if none is. */
function finder_of(tree: CallTree, node: number): (fn: number) => number {
  const children = tree.children(node);
  if (children.length <= FEW) return (fn) => children.find((child) => tree.fn[child] === fn) ?? -1;
  const by_function = new Map(Array.from(children, (child) => [tree.fn[child], child]));
  return (fn) => by_function.get(fn) ?? -1;
}

/** The function's number in the names of `before`, of one in those of `after`. */
export function functions_alike(before: Names, after: Names): (fn: number) => number | undefined {
  if (before === after) return (fn) => fn;
  const numbers = new Map(before.names.map((_, fn) => [key_of(before, fn), fn]));
  return (fn) => (fn < 0 ? fn : numbers.get(key_of(after, fn)));
}

function key_of(names: Names, fn: number): string {
  return `${names.names[fn]}\n${names.modules[fn]}`;
}

function amount_of(weight: number, side: Side, measure: Measure): number {
  if (measure === "share") return side.tree.total[0] > 0 ? weight / side.tree.total[0] : 0;
  const per_second = side.seconds > 0 ? weight / side.seconds : 0;
  return side.hz > 0 ? (1000 * per_second) / side.hz : per_second;
}

function z_of(before: number, a: Side, after: number, b: Side, measure: Measure): number {
  if (measure === "share") return z_of_shares(before, a.tree.count[0], after, b.tree.count[0]);
  return z_of_rates(before, unit_of(a), after, unit_of(b));
}

/** What a count is divided by to give a rate: seconds at one sample per second. */
function unit_of(side: Side): number {
  const weight = side.tree.count[0] > 0 ? side.tree.total[0] / side.tree.count[0] : 1;
  return (side.seconds * (side.hz || 1)) / weight;
}

export function z_of_shares(x1: number, n1: number, x2: number, n2: number): number {
  if (n1 === 0 || n2 === 0) return 0;
  const pooled = (x1 + x2) / (n1 + n2);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  return deviation > 0 ? (x2 / n2 - x1 / n1) / deviation : 0;
}

export function z_of_rates(x1: number, t1: number, x2: number, t2: number): number {
  if (!(t1 > 0 && t2 > 0) || x1 + x2 === 0) return 0;
  return (x2 / t2 - x1 / t1) / Math.sqrt(x1 / t1 ** 2 + x2 / t2 ** 2);
}

export const is_noise = (z: number): boolean => Math.abs(z) < LEAST_Z;
