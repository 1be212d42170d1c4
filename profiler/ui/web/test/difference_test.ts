// What changed between two selections is found by names, and what may be chance is told apart.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build_tree } from "../src/call_tree";
import {
  frame_changes,
  function_changes,
  is_noise,
  z_of_rates,
  z_of_shares,
  type FunctionChange,
  type Side,
} from "../src/difference";
import { EmbeddedSource } from "../src/embedded_source";
import type { StackRow } from "../src/source";
import { CaptureBuilder } from "./block";

/** A capture of its own: its numbers of functions are others than another side's. */
async function side(rows: [frames: string[], samples: number][], seconds = 1): Promise<Side> {
  const given = new CaptureBuilder(1);
  const made = rows.map(([frames, n]): StackRow => [given.node(frames), n, n, 0]);
  const { names } = await EmbeddedSource.open(given.base64());
  return { tree: build_tree(made, names), names, seconds, hz: 1000 };
}

function of(changes: FunctionChange[], name: string): FunctionChange {
  const found = changes.find((change) => change.name === name);
  assert.ok(found, name);
  return found;
}

test("shares are of each side's samples, by name and module", async () => {
  const before = await side([
    [["main", "work"], 600],
    [["main", "rest"], 400],
  ]);
  const after = await side([
    [["other"], 100],
    [["main", "rest"], 50],
    [["main", "work"], 50],
  ]);
  const changes = function_changes(before, after, "share");
  const work = of(changes, "work");
  assert.deepEqual([work.self.before, work.self.after], [0.6, 0.25]);
  assert.ok(work.self.z < -2);
  assert.deepEqual([work.fn_before, work.fn_after], [1, 3]);
  assert.equal(of(changes, "other").fn_before, null);
  assert.deepEqual([of(changes, "main").total.before, of(changes, "main").total.after], [1, 0.5]);
  for (const end of ["before", "after"] as const) {
    const selves = changes.reduce((sum, change) => sum + change.self[end], 0);
    assert.ok(Math.abs(selves - 1) < 1e-12, end);
  }
  assert.equal(changes[0].name, "other", "the largest change of self first");
});

test("rates are CPU time per second of the range", async () => {
  const before = await side([[["main"], 500]], 1);
  const after = await side([[["main"], 500]], 2);
  const [rate] = function_changes(before, after, "rate");
  assert.deepEqual([rate.self.before, rate.self.after], [500, 250]);
  assert.ok(rate.self.z < -2);
  const [share] = function_changes(before, after, "share");
  assert.deepEqual([share.self.before, share.self.after, share.self.z], [1, 1, 0]);
});

test("samples that were thinned out are no more certain than those that are left", async () => {
  const rows: [string[], number][] = [
    [["main", "work"], 60],
    [["main", "rest"], 40],
  ];
  const [few, less] = await Promise.all([
    side(rows),
    side([
      [["main", "work"], 50],
      [["main", "rest"], 50],
    ]),
  ]);
  assert.ok(is_noise(of(function_changes(few, less, "share"), "work").self.z));
  const heavy = (of_side: Side): Side => {
    const thinned: StackRow[] = [];
    for (let node = 1; node < of_side.names.parents.length; node++) {
      const at = Array.from(of_side.tree.fn).lastIndexOf(of_side.names.functions[node]);
      if (of_side.tree.self[at] > 0)
        thinned.push([node, 100 * of_side.tree.self[at], of_side.tree.self_count[at], 0]);
    }
    return { ...of_side, tree: build_tree(thinned, of_side.names) };
  };
  for (const measure of ["share", "rate"] as const) {
    const change = of(function_changes(heavy(few), heavy(less), measure), "work");
    assert.ok(is_noise(change.self.z), `${measure}: ${change.self.z}`);
  }
});

test("frames are compared with the same callers", async () => {
  const before = await side([
    [["main", "a", "leaf"], 10],
    [["main", "b", "leaf"], 90],
  ]);
  const after = await side([
    [["main", "b", "leaf"], 40],
    [["main", "c", "leaf"], 60],
  ]);
  const changes = frame_changes(before, after, "share");
  const { tree, names } = after;
  for (let node = 1; node < tree.size; node++) {
    const callers = names.names[tree.fn[tree.parent[node]]];
    if (names.names[tree.fn[node]] !== "leaf") continue;
    const wanted = callers === "b" ? [0.9, 0.4] : [0, 0.6];
    assert.deepEqual([changes.before[node], changes.after[node]], wanted);
    assert.equal(is_noise(changes.z[node]), false);
  }
  assert.deepEqual([changes.before[0], changes.after[0], changes.z[0]], [1, 1, 0]);
});

test("z is that of the textbooks", () => {
  // 60 of 100 against 50 of 100: pooled 0.55, deviation sqrt(0.55 · 0.45 · 0.02) = 0.07036.
  assert.ok(Math.abs(z_of_shares(60, 100, 50, 100) - -0.1 / 0.070356) < 1e-3);
  // 100 in 1 s against 121 in 1 s: deviation sqrt(221).
  assert.ok(Math.abs(z_of_rates(100, 1, 121, 1) - 21 / Math.sqrt(221)) < 1e-9);
  assert.equal(z_of_shares(0, 0, 5, 10), 0);
  assert.equal(z_of_rates(0, 1, 0, 1), 0);
});
