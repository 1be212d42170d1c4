// Trees of calls, made of the rows that a source answers with. The call tree merges nodes of the
// stacks that differ only in the line that called: what a reader thinks of is "f called by g". The
// inverted tree begins at the functions that ran and leads to their callers; it is made level by
// level as it is opened, because all of it is rows × depth.
//
// Everything is in typed arrays: 200,000 rows take tens of milliseconds, as objects they take seconds.

import type { Names, StackRow } from "./source";

/** In the place of a function: there was no stack. */
export const NO_STACK = -1;

/** Functions below this are classes: `class_function` and `class_of` convert. */
const class_function = (index: number): number => -2 - index;
export const class_of = (fn: number): number => -2 - fn;

/** What a table and a flame graph need to know of a tree. Node 0 is the root: everything. */
export interface FrameTree {
  readonly fn: ArrayLike<number>;
  readonly parent: ArrayLike<number>;
  readonly self: ArrayLike<number>;
  readonly total: ArrayLike<number>;
  /** The line that most of it went through; 0 unknown. */
  readonly line: ArrayLike<number>;
  /** 1 if the compiler put it into its caller, wherever it was seen here. */
  readonly inlined: ArrayLike<number>;
  /** Largest total first. */
  children(node: number): ArrayLike<number>;
}

export class CallTree implements FrameTree {
  readonly size: number;
  readonly fn: Int32Array;
  readonly parent: Int32Array;
  readonly self: Float64Array;
  readonly total: Float64Array;
  /** How many samples or waits `total` is made of. */
  readonly count: Float64Array;
  /** As `self`, in samples or waits. */
  readonly self_count: Float64Array;
  readonly line: Uint32Array;
  readonly inlined: Uint8Array;
  private readonly first_child: Uint32Array;
  private readonly child_list: Uint32Array;

  constructor(merged: MergedNodes) {
    this.size = merged.size;
    this.fn = merged.fn.subarray(0, this.size);
    this.parent = merged.parent.subarray(0, this.size);
    this.self = merged.self.subarray(0, this.size);
    this.line = merged.line.subarray(0, this.size);
    this.inlined = merged.inlined.subarray(0, this.size);
    this.total = this.self.slice();
    this.self_count = merged.count.subarray(0, this.size);
    this.count = this.self_count.slice();
    for (let node = this.size - 1; node > 0; node--) {
      this.total[this.parent[node]] += this.total[node];
      this.count[this.parent[node]] += this.count[node];
    }
    [this.first_child, this.child_list] = children_by_size(this.parent, this.total);
  }

  children(node: number): Uint32Array {
    return this.child_list.subarray(this.first_child[node], this.first_child[node + 1]);
  }
}

/** With `leaf_classes`, what the time was spent on is the last frame of every stack. */
export function build_tree(rows: StackRow[], names: Names, leaf_classes = false): CallTree {
  const used = ancestors_of(rows, names.parents);
  const weights = weights_through(rows, names.parents, used);
  const merged = new MergedNodes(used.count + (leaf_classes ? rows.length : 0) + 3);
  const place = new Int32Array(names.parents.length);
  const best_line = new Float64Array(merged.capacity);
  for (let node = 1; node < names.parents.length; node++) {
    if (used.flags[node] === 0) continue;
    const at = merged.child(place[names.parents[node]], names.functions[node]);
    place[node] = at;
    if (names.inlined[node] === 0) merged.inlined[at] = 0;
    if (weights[node] > best_line[at]) {
      best_line[at] = weights[node];
      merged.line[at] = names.lines[node];
    }
  }
  for (const row of rows) {
    const node = row[0];
    let at = node > 0 && node < place.length ? place[node] : merged.child(0, NO_STACK);
    if (leaf_classes) at = merged.child(at, class_function(row[3]));
    merged.self[at] += row[1];
    merged.count[at] += row[2];
  }
  return new CallTree(merged);
}

/** Nodes by parent and function; a child always comes after its parent. */
class MergedNodes {
  size = 1;
  readonly fn: Int32Array;
  readonly parent: Int32Array;
  readonly self: Float64Array;
  readonly count: Float64Array;
  readonly line: Uint32Array;
  readonly inlined: Uint8Array;
  private readonly slots: Int32Array;

  constructor(readonly capacity: number) {
    this.fn = new Int32Array(capacity);
    this.parent = new Int32Array(capacity);
    this.self = new Float64Array(capacity);
    this.count = new Float64Array(capacity);
    this.line = new Uint32Array(capacity);
    this.inlined = new Uint8Array(capacity);
    this.fn[0] = NO_STACK;
    let slots = 16;
    while (slots < 2 * capacity) slots *= 2;
    this.slots = new Int32Array(slots);
  }

  child(parent: number, fn: number): number {
    const mask = this.slots.length - 1;
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(fn, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.slots[slot];
      if (found === 0) {
        this.slots[slot] = this.size;
        this.fn[this.size] = fn;
        this.parent[this.size] = parent;
        this.inlined[this.size] = fn >= 0 ? 1 : 0;
        return this.size++;
      }
      if (this.parent[found] === parent && this.fn[found] === fn) return found;
    }
  }
}

function ancestors_of(rows: StackRow[], parents: number[]): { flags: Uint8Array; count: number } {
  const flags = new Uint8Array(parents.length);
  let count = 0;
  for (const row of rows) {
    for (let at = row[0]; at > 0 && at < flags.length && flags[at] === 0; at = parents[at]) {
      flags[at] = 1;
      count++;
    }
  }
  return { flags, count };
}

function weights_through(
  rows: StackRow[],
  parents: number[],
  used: { flags: Uint8Array },
): Float64Array {
  const weights = new Float64Array(parents.length);
  for (const row of rows) {
    if (row[0] < weights.length) weights[row[0]] += row[1];
  }
  for (let node = parents.length - 1; node > 0; node--)
    if (used.flags[node] !== 0) weights[parents[node]] += weights[node];
  return weights;
}

function children_by_size(parent: Int32Array, total: Float64Array): [Uint32Array, Uint32Array] {
  const first = new Uint32Array(parent.length + 1);
  for (let node = 1; node < parent.length; node++) first[parent[node] + 1]++;
  for (let node = 0; node < parent.length; node++) first[node + 1] += first[node];
  const fill = first.slice();
  const list = new Uint32Array(Math.max(0, parent.length - 1));
  for (let node = 1; node < parent.length; node++) list[fill[parent[node]]++] = node;
  for (let node = 0; node < parent.length; node++)
    sort_by_size(list, first[node], first[node + 1], total);
  return [first, list];
}

/** Nearly all have a handful of children: sorting in place makes no arrays for them. */
function sort_by_size(list: Uint32Array, from: number, to: number, total: Float64Array): void {
  if (to - from > 32) {
    list.subarray(from, to).sort((a, b) => total[b] - total[a] || a - b);
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const node = list[i];
    let at = i;
    for (; at > from && total[list[at - 1]] < total[node]; at--) list[at] = list[at - 1];
    list[at] = node;
  }
}

/** Callers of what ran. Opened level by level: `children` makes what is not there yet. */
export class InvertedTree implements FrameTree {
  readonly fn: number[] = [NO_STACK];
  readonly parent: number[] = [0];
  readonly self: number[] = [0];
  readonly total: number[] = [0];
  readonly line: number[] = [0];
  readonly inlined: number[] = [0];
  /** Per node: where in the call tree its stacks have come to, and with what weight. */
  private members: (Member[] | null)[] = [[]];
  private made: (number[] | null)[] = [null];

  constructor(private readonly tree: CallTree) {
    const leaves: Member[] = [];
    for (let node = 1; node < tree.size; node++)
      if (tree.self[node] > 0) leaves.push([node, tree.self[node]]);
    this.total[0] = tree.total[0];
    this.members[0] = leaves;
  }

  children(node: number): number[] {
    return (this.made[node] ??= this.open(node));
  }

  private open(node: number): number[] {
    const by_function = new Map<number, number>();
    for (const [place, weight] of this.members[node] ?? []) {
      const at = node === 0 ? place : this.tree.parent[place];
      if (at === 0) continue;
      let child = by_function.get(this.tree.fn[at]);
      if (child === undefined) by_function.set(this.tree.fn[at], (child = this.add(node, at)));
      this.total[child] += weight;
      if (node === 0) this.self[child] += weight;
      this.members[child]!.push([at, weight]);
    }
    this.members[node] = null;
    return [...by_function.values()].sort((a, b) => this.total[b] - this.total[a] || a - b);
  }

  private add(parent: number, at: number): number {
    this.fn.push(this.tree.fn[at]);
    this.parent.push(parent);
    this.self.push(0);
    this.total.push(0);
    this.line.push(this.tree.line[at]);
    this.inlined.push(this.tree.inlined[at]);
    this.members.push([]);
    this.made.push(null);
    return this.fn.length - 1;
  }
}

type Member = [node: number, weight: number];

export interface FunctionCost {
  fn: number;
  self: number;
  total: number;
  /** As `total`, in samples or waits. */
  count: number;
  self_count: number;
}

/** Per function; a stack in which it is more than once counts once. Most self first. */
export function function_costs(tree: CallTree): FunctionCost[] {
  const costs = new Map<number, FunctionCost>();
  for (let node = 1; node < tree.size; node++) {
    const fn = tree.fn[node];
    let cost = costs.get(fn);
    if (!cost) costs.set(fn, (cost = { fn, self: 0, total: 0, count: 0, self_count: 0 }));
    cost.self += tree.self[node];
    cost.self_count += tree.self_count[node];
    if (is_nested(tree, node)) continue;
    cost.total += tree.total[node];
    cost.count += tree.count[node];
  }
  return [...costs.values()].sort((a, b) => b.self - a.self || b.total - a.total);
}

/** As FunctionCost.total, of one function alone. */
export function total_of(tree: CallTree, fn: number): number {
  let total = 0;
  for (let node = 1; node < tree.size; node++)
    if (tree.fn[node] === fn && !is_nested(tree, node)) total += tree.total[node];
  return total;
}

function is_nested(tree: CallTree, node: number): boolean {
  for (let up = tree.parent[node]; up > 0; up = tree.parent[up])
    if (tree.fn[up] === tree.fn[node]) return true;
  return false;
}

/** From the outermost caller to `node`, root excluded. */
export function path_to(tree: FrameTree, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at > 0; at = tree.parent[at]) path.push(at);
  return path.reverse();
}
