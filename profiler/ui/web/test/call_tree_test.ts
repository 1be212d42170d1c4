// Trees of calls add up: to what was put in, from the top and from the leaves.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  build_tree,
  class_of,
  function_costs,
  InvertedTree,
  NO_STACK,
  type FrameTree,
} from "../src/call_tree";
import { Names, type StackRow } from "../src/source";
import { CaptureBuilder } from "./block";
import { EmbeddedSource } from "../src/embedded_source";

async function given(
  rows: [frames: string[], weight: number][],
): Promise<{ rows: StackRow[]; names: Names; fn(name: string): number }> {
  const builder = new CaptureBuilder(1);
  const made = rows.map(([frames, weight]): StackRow => [builder.node(frames), weight, weight, 0]);
  const { names } = await EmbeddedSource.open(builder.base64());
  return { rows: made, names, fn: (name) => builder.fn(name) };
}

/** Every path of a tree with self and total, as `main;work 2/5`. */
function lines_of(tree: FrameTree, names: Names, node = 0, above = ""): string[] {
  return Array.from(tree.children(node)).flatMap((child) => {
    const path = above + (tree.fn[child] < 0 ? `(${tree.fn[child]})` : names.names[tree.fn[child]]);
    return [
      `${path} ${tree.self[child]}/${tree.total[child]}`,
      ...lines_of(tree, names, child, path + ";"),
    ];
  });
}

test("a call tree merges the lines of a caller and sums totals", async () => {
  const { rows, names } = await given([
    [["main:1", "work:5"], 3],
    [["main:2", "work:6"], 4],
    [["main:2"], 1],
    [["main:2", "rest"], 9],
    [[], 2],
  ]);
  const tree = build_tree(rows, names);
  assert.equal(tree.total[0], 19);
  assert.deepEqual(lines_of(tree, names), [
    "main 1/17",
    "main;rest 9/9",
    "main;work 7/7",
    `(${NO_STACK}) 2/2`,
  ]);
  const work = Array.from(tree.children(1))[1];
  assert.equal(tree.line[work], 6, "the line with the most");
});

test("a frame is inlined if it is wherever it was seen", async () => {
  const { rows, names, fn } = await given([[["main", "get_inline"], 1]]);
  const tree = build_tree(rows, names);
  assert.equal(tree.inlined[Array.from(tree.fn).indexOf(fn("get_inline"))], 1);
  assert.equal(tree.inlined[Array.from(tree.fn).indexOf(fn("main"))], 0);
});

test("the inverted tree has the selves as roots and all of it below", async () => {
  const { rows, names } = await given([
    [["main", "a", "leaf"], 3],
    [["main", "b", "leaf"], 4],
    [["main", "leaf"], 1],
    [["main", "a"], 2],
  ]);
  const tree = new InvertedTree(build_tree(rows, names));
  assert.deepEqual(lines_of(tree, names), [
    "leaf 8/8",
    "leaf;b 0/4",
    "leaf;b;main 0/4",
    "leaf;a 0/3",
    "leaf;a;main 0/3",
    "leaf;main 0/1",
    "a 2/2",
    "a;main 0/2",
  ]);
  assert.equal(tree.total[0], 10);
});

test("a recursive function counts once per stack", async () => {
  const { rows, names, fn } = await given([
    [["f", "g", "f", "f"], 5],
    [["f"], 1],
  ]);
  const costs = function_costs(build_tree(rows, names));
  const cost = costs.find((each) => each.fn === fn("f"));
  assert.deepEqual([cost?.self, cost?.total], [6, 6]);
});

test("reasons to wait can be the last frame", async () => {
  const { rows, names } = await given([[["main", "lock"], 5]]);
  rows.push([rows[0][0], 7, 1, 4]);
  const tree = build_tree(rows, names, true);
  const lock = Array.from(tree.children(Array.from(tree.children(0))[0]))[0];
  assert.equal(tree.self[lock], 0);
  assert.deepEqual(
    Array.from(tree.children(lock)).map((node) => [class_of(tree.fn[node]), tree.total[node]]),
    [
      [4, 7],
      [0, 5],
    ],
  );
});

/** A made-up tree of stacks, 40 deep, and as many rows of it as wanted. */
function many_rows(count: number): { rows: StackRow[]; names: Names } {
  const names = new Names();
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const functions = 5000;
  names.parents.push(0);
  names.functions.push(0);
  const depths = [0];
  for (let node = 1; node <= count * 1.5; node++) {
    const parent = Math.max(0, node - 1 - Math.floor(random() ** 3 * 50));
    const usable = depths[parent] < 40 ? parent : Math.floor(random() * Math.min(node, 100));
    names.parents.push(usable);
    names.functions.push(Math.floor(random() ** 2 * functions));
    depths.push(depths[usable] + 1);
  }
  names.lines = names.parents.map(() => 1);
  names.inlined = names.parents.map(() => 0);
  names.names = Array.from({ length: functions }, (_, i) => `f${i}`);
  const rows = Array.from({ length: count }, (): StackRow => {
    const weight = 1 + Math.floor(random() * 9);
    return [1 + Math.floor(random() * count * 1.5), weight, weight, 0];
  });
  return { rows, names };
}

test("selves, totals and the inversion of 200,000 rows agree, and are there soon", () => {
  const { rows, names } = many_rows(200_000);
  const total = rows.reduce((sum, row) => sum + row[1], 0);
  build_tree(rows.slice(0, 1000), names);
  // Time of the CPU, not of the clock: the machine may be busy with other things.
  const start = process.cpuUsage();
  const tree = build_tree(rows, names);
  const took = process.cpuUsage(start).user / 1000;
  assert.equal(tree.total[0], total);
  assert.equal(
    tree.self.reduce((a, b) => a + b),
    total,
  );
  for (let node = 0; node < tree.size; node++) {
    const below = tree.children(node).reduce((sum, child) => sum + tree.total[child], 0);
    assert.equal(tree.self[node] + below, tree.total[node]);
  }
  const inverted = new InvertedTree(tree);
  const roots = inverted.children(0);
  assert.equal(
    roots.reduce((sum, node) => sum + inverted.total[node], 0),
    total,
  );
  const selves = new Map(function_costs(tree).map((cost) => [cost.fn, cost.self]));
  for (const node of roots) assert.equal(inverted.total[node], selves.get(inverted.fn[node]));
  const hottest = inverted.children(roots[0]).reduce((sum, node) => sum + inverted.total[node], 0);
  assert.ok(hottest <= inverted.total[roots[0]]);
  // About 100 ms, which a reader does not notice; slow and busy machines get ten times that.
  console.log(`200,000 rows, ${tree.size} nodes: ${took.toFixed(0)} ms`);
  assert.ok(took < 1000, `${took} ms`);
});
