import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, mark_label, mark_step, marks, percent } from "../src/format";
import { next_freeze } from "../src/freezes";
import { coarse_level, fit, level_for, pan, tiles_of, with_margin, zoom } from "../src/view";
import { freeze } from "./fake_source";

const SECOND = 1e9;

test("zooming keeps the time under the pointer", () => {
  const view = zoom({ from: 2e8, to: 6e8 }, 0.5, 0.25, SECOND);
  assert.deepEqual(view, { from: 2.5e8, to: 4.5e8 });
});

test("zooming out ends at the whole capture, zooming in at a microsecond", () => {
  assert.deepEqual(zoom({ from: 0, to: 9e8 }, 100, 0.5, SECOND), { from: 0, to: SECOND });
  const close = zoom({ from: 5e8, to: 5e8 + 1500 }, 0.001, 0.5, SECOND);
  assert.equal(close.to - close.from, 1000);
});

test("panning stops at the ends and keeps the span", () => {
  assert.deepEqual(pan({ from: 8e8, to: 9e8 }, 5, SECOND), { from: 9e8, to: SECOND });
  assert.deepEqual(pan({ from: 1e8, to: 2e8 }, -5, SECOND), { from: 0, to: 1e8 });
});

test("a range outside of the capture is moved into it", () => {
  assert.deepEqual(fit({ from: -5e8, to: 5e8 }, SECOND), { from: 0, to: SECOND });
  assert.deepEqual(with_margin({ from: 0, to: 100 }, 0.5, SECOND), { from: 0, to: 1100 });
});

test("buckets are one to two pixels wide", () => {
  for (const ns_per_pixel of [1, 3, 1000, 1e6, 7.7e6]) {
    const bucket = 2 ** level_for(ns_per_pixel, 0);
    assert.ok(bucket >= ns_per_pixel && bucket < 2 * ns_per_pixel + 1);
  }
  assert.equal(level_for(10, 12), 12);
});

test("the coarse level has the whole capture in two tiles", () => {
  const { first, last } = tiles_of({ from: 0, to: SECOND }, coarse_level(SECOND, 0));
  assert.equal(first, 0);
  assert.ok(last <= 1);
});

test("lengths have three digits", () => {
  assert.equal(duration(0), "0");
  assert.equal(duration(999), "999 ns");
  assert.equal(duration(12_340), "12.3 µs");
  assert.equal(duration(270e6), "270 ms");
  assert.equal(duration(1.2345e9), "1.23 s");
  assert.equal(percent(0, 10), "0 %");
  assert.equal(percent(1, 100_000), "<0.1 %");
});

test("marks are 1, 2 or 5 apart and tell neighbours from each other", () => {
  assert.equal(mark_step(3e6), 5e6);
  assert.deepEqual(marks(1.5e6, 10e6, 5e6), [5e6, 10e6]);
  assert.notEqual(mark_label(1e9, 1000, 2e9), mark_label(1e9 + 1000, 1000, 2e9));
  assert.equal(mark_label(1.5e6, 5e5, 4e6), "1.5 ms");
  assert.equal(mark_label(5e8, 5e8, 2e9), "0.5 s");
});

test("freezes are gone through in order and round", () => {
  const freezes = [freeze(100, 10), freeze(500, 10), freeze(900, 10)];
  const whole = { from: 0, to: 1000 };
  assert.equal(next_freeze(freezes, null, { from: 0, to: 200 }, 1), 1);
  assert.equal(next_freeze(freezes, 1, whole, 1), 2);
  assert.equal(next_freeze(freezes, 2, whole, 1), 0);
  assert.equal(next_freeze(freezes, 0, whole, -1), 2);
  assert.equal(next_freeze(freezes, 0, { from: 600, to: 700 }, -1), 1);
  assert.equal(next_freeze([], null, whole, 1), null);
});
