import assert from "node:assert/strict";
import { test } from "node:test";
import { decode_tile } from "../src/cells";
import { LanePainter, pixel } from "../src/lane_painter";
import { stretch_at } from "../src/sorted";
import { type Box, Names } from "../src/source";
import { make_chart } from "../src/stack_chart";
import { make_theme } from "../src/theme";
import { TileCache } from "../src/tile_cache";
import { CLASSES, FakeSource } from "./fake_source";

const [RUNNING, STALLED, FUTEX] = [0, 1, 3];

/** One lane of 256 ns drawn 16 pixels wide and 10 high; a bucket is a nanosecond. */
function draw(cells: number[]): (x: number, y: number) => number {
  const painter = new LanePainter();
  const pixels = new Uint32Array(16 * 10);
  painter.set_theme(make_theme(CLASSES, true), CLASSES);
  painter.begin(pixels, 16, 10, { from: 0, to: 256 }, 100);
  painter.begin_lane();
  painter.add(decode_tile(Uint8Array.from(cells)), 0, 1, 0, 256);
  painter.end_lane(0, 10, 1);
  return (x, y) => pixels[y * 16 + x];
}

const colour = (kind: number) => pixel(make_theme(CLASSES, true).classes[kind]);

test("a lane that ran and then waited is green and then of the reason's colour", () => {
  const at = draw([RUNNING, 128, 1, FUTEX, 128, 1]);
  assert.equal(at(0, 0), colour(RUNNING));
  assert.equal(at(7, 9), colour(RUNNING));
  assert.equal(at(8, 0), colour(FUTEX));
  assert.equal(at(15, 9), colour(FUTEX));
});

test("the height of green is how much of the time ran", () => {
  const mixed = Array.from({ length: 128 }, () => [2, FUTEX, 178, RUNNING, 77]).flat();
  const at = draw([254, 128, 1, ...mixed, RUNNING, 128, 1]);
  const green = Array.from({ length: 10 }, (_, y) => at(3, y)).filter((p) => p === colour(RUNNING));
  assert.equal(green.length, 3);
  assert.equal(at(3, 9), colour(RUNNING));
  assert.equal(at(3, 0), colour(FUTEX));
});

test("the least that ran is still seen", () => {
  const mixed = Array.from({ length: 128 }, () => [2, FUTEX, 254, RUNNING, 1]).flat();
  assert.equal(draw([254, 128, 1, ...mixed])(3, 9), colour(RUNNING));
});

test("a stall is hatched, and nothing is left empty", () => {
  const at = draw([STALLED, 128, 1]);
  const seen = new Set(Array.from({ length: 8 }, (_, x) => at(x, 4)));
  assert.equal(seen.size, 2);
  assert.equal(at(12, 4), pixel(make_theme(CLASSES, true).background));
});

// main (node 1) calls work (2) calls lock (3); main calls idle (4)
function names(): Names {
  const known = new Names();
  known.add({
    first_node: 0,
    parents: [0, 0, 1, 2, 1],
    functions: [0, 0, 1, 2, 3],
    lines: [],
    inlined: [],
    first_function: 0,
    names: ["main", "work", "lock", "idle"],
    modules: [],
    files: [],
    kernel: [],
  });
  return known;
}

test("boxes in a row share the bars of their common callers", () => {
  const boxes: Box[] = [
    [0, 10, RUNNING, 2, 1],
    [10, 20, FUTEX, 3, 1],
    [20, 30, RUNNING, 4, 1],
  ];
  const { rows } = make_chart(boxes, false, { from: 0, to: 30 }, 1, names(), CLASSES);
  assert.deepEqual([rows[0].starts, rows[0].ends], [[0], [30]]);
  assert.deepEqual(
    [rows[1].functions, rows[1].ends],
    [
      [1, 3],
      [20, 30],
    ],
  );
  assert.deepEqual([rows[2].starts, rows[2].waits], [[10], [FUTEX]]);
  assert.equal(rows[0].waits[0], -1);
  assert.equal(stretch_at(rows[2].starts, rows[2].ends, 15), 0);
  assert.equal(stretch_at(rows[2].starts, rows[2].ends, 25), -1);
});

test("boxes that are apart have bars of their own", () => {
  const boxes: Box[] = [
    [0, 10, RUNNING, 1, 1],
    [15, 20, RUNNING, 1, 1],
  ];
  const { rows } = make_chart(boxes, false, { from: 0, to: 30 }, 1, names(), CLASSES);
  assert.deepEqual(rows[0].starts, [0, 15]);
});

const lightness = (hex: string) => {
  const part = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const y = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
  return 116 * Math.cbrt(Math.max(y, 0.009)) - 16;
};

test("running is told from every wait and from ready by lightness alone", () => {
  const reasons = [
    "futex",
    "kernel lock",
    "disk",
    "page fault",
    "pipe",
    "socket",
    "child",
    "signal",
    "terminal",
    "poll",
    "sleep",
    "work",
    "other",
    "waiting",
  ];
  const classes = [
    CLASSES[0],
    CLASSES[2],
    ...reasons.map((name) => ({ name, kind: "waiting" as const })),
  ];
  for (const dark of [true, false]) {
    const [running, ...others] = make_theme(classes, dark).classes.map(lightness);
    // 10 of 100 is seen at a glance where areas touch; most are 20 and more apart.
    for (const other of others)
      assert.ok(Math.abs(running - other) >= 10, `${dark} ${running} ${other}`);
  }
});

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

test("what is missing is asked for once, in one question for all lanes", async () => {
  const source = new FakeSource(() => decode_tile(Uint8Array.of(RUNNING, 128, 2)));
  const cache = new TileCache(
    source,
    () => undefined,
    () => undefined,
  );
  for (let frame = 0; frame < 3; frame++) {
    cache.begin_frame();
    for (const lane of [4, 2, 3]) cache.need(5, lane, 10, 12);
    cache.end_frame();
  }
  assert.deepEqual(source.asked, [{ level: 5, first: 10, count: 3, lanes: [2, 3, 4] }]);
  assert.equal(cache.get(5, 2, 10), null);
  await settle();
  assert.equal(cache.get(5, 2, 10)?.ends[0], 256);
});

test("coarse tiles go first and no more than two questions are under way", () => {
  const source = new FakeSource(() => decode_tile(Uint8Array.of(RUNNING, 128, 2)));
  const cache = new TileCache(
    source,
    () => undefined,
    () => undefined,
  );
  cache.begin_frame();
  for (const level of [3, 9, 6]) cache.need(level, 1, 0, 0);
  cache.end_frame();
  assert.deepEqual(
    source.asked.map(({ level }) => level),
    [9, 6],
  );
});

test("memory is bounded: what was used longest ago goes", async () => {
  const source = new FakeSource(() => decode_tile(Uint8Array.of(RUNNING, 128, 2)));
  const cache = new TileCache(
    source,
    () => undefined,
    () => undefined,
    10_000,
  );
  for (let index = 0; index < 100; index++) {
    cache.begin_frame();
    cache.get(5, 1, 0);
    cache.need(5, 1, index, index);
    cache.end_frame();
    await settle();
  }
  assert.ok(cache.get(5, 1, 0));
  assert.equal(cache.get(5, 1, 1), null);
  assert.ok(cache.get(5, 1, 99));
});

test("tiles that could not be had are said, and asked for again", async () => {
  const source = new FakeSource(() => decode_tile(Uint8Array.of(RUNNING, 128, 2)));
  const said: (string | null)[] = [];
  const cache = new TileCache(
    source,
    () => undefined,
    (error) => said.push(error?.message ?? null),
  );
  source.broken = true;
  cache.begin_frame();
  cache.need(5, 1, 0, 0);
  cache.end_frame();
  await settle();
  source.broken = false;
  await new Promise((resolve) => setTimeout(resolve, 1050));
  cache.begin_frame();
  cache.need(5, 1, 0, 0);
  cache.end_frame();
  await settle();
  assert.deepEqual(said, ["gone", null]);
  assert.ok(cache.get(5, 1, 0));
});
