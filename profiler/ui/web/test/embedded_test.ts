// A page's own data: what the encoder of test/block.ts wrote must come out again, at every level of
// tiles and in every part of the time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EmbeddedSource } from "../src/embedded_source";
import { BUCKETS_PER_TILE, NOTHING, type Tile } from "../src/source";
import { CaptureBuilder, type Run } from "./block";

const WHOLE = { from: 0, to: 1 << 20 };
const RUNNING = 0;
const FUTEX = 3;
const DISK = 4;

/** Buckets of each class in a tile, a mixed one by its shares. */
function buckets_by_class(tile: Tile): Float64Array {
  const sums = new Float64Array(256);
  tile.ends.forEach((end, run) => {
    const start = run === 0 ? 0 : tile.ends[run - 1];
    const what = tile.what[run];
    if (what < 256) sums[what] += end - start;
    else
      for (let i = 0; i < tile.mixes[what - 256]; i++)
        sums[tile.mixes[what - 255 + 2 * i]] += tile.mixes[what - 254 + 2 * i] / 255;
  });
  return sums;
}

async function class_times(source: EmbeddedSource, level: number): Promise<Float64Array> {
  const sums = new Float64Array(256);
  const count = Math.ceil((1 << 20) / (2 ** level * BUCKETS_PER_TILE));
  const [tiles] = await source.tiles(level, 0, count, [0]);
  for (const tile of tiles) {
    assert.equal(tile.ends[tile.ends.length - 1], BUCKETS_PER_TILE);
    buckets_by_class(tile).forEach((buckets, index) => (sums[index] += buckets * 2 ** level));
  }
  return sums;
}

/** 1024 buckets of 1024 ns with pure runs, holes and mixed buckets, always the same ones. */
function some_cells(): Run[] {
  const runs: Run[] = [];
  let left = 1024;
  for (let i = 0; left > 0; i++) {
    const n = Math.min(left, 1 + ((i * 7) % 23));
    if (i % 5 === 0) runs.push([NOTHING, n]);
    else runs.push([(i * 3) % 5, n]);
    left -= n;
    if (left-- > 0)
      runs.push(
        [
          [i % 3, 100 + (i % 50)],
          [3, 40],
          [4, i % 60],
        ].filter((pair) => pair[1] > 0) as Run,
      );
  }
  return runs;
}

test("cells come out as they were written", async () => {
  const given = new CaptureBuilder(1);
  given.cells(
    0,
    [RUNNING, 3],
    [
      [FUTEX, 200],
      [RUNNING, 55],
    ],
    [NOTHING, 2],
    [DISK, 300],
  );
  const source = await EmbeddedSource.open(given.base64());
  const [[tile, next]] = await source.tiles(10, 0, 2, [0]);
  assert.deepEqual([...tile.ends], [3, 4, 6, 256]);
  assert.deepEqual([...tile.what], [RUNNING, 256, NOTHING, DISK]);
  assert.deepEqual([...tile.mixes], [2, FUTEX, 200, RUNNING, 55]);
  assert.deepEqual([...next.ends], [50, 256], "after the end of the capture there is nothing");
  assert.deepEqual([...next.what], [DISK, NOTHING]);
});

test("tiles of every level have the time that the finest have", async () => {
  const given = new CaptureBuilder(1);
  given.cells(0, ...some_cells());
  const source = await EmbeddedSource.open(given.base64());
  const finest = await class_times(source, 10);
  for (let level = 11; level <= 22; level++) {
    const times = await class_times(source, level);
    // Every mixed bucket is rounded to 255ths, each class by at most one of them.
    const buckets = Math.min(1024, Math.ceil((1 << 20) / 2 ** level));
    const off = (buckets * 2 ** level) / 255;
    for (let index = 0; index < 6; index++)
      assert.ok(Math.abs(times[index] - finest[index]) <= off, `class ${index} of level ${level}`);
    const sum = (all: Float64Array) => all.slice(0, 6).reduce((a, b) => a + b);
    assert.ok(Math.abs(sum(times) - sum(finest)) <= off / 2 + 1, `all of level ${level}`);
  }
});

test("what begins and ends at buckets of a coarse tile is the same there", async () => {
  const given = new CaptureBuilder(1);
  given.cells(0, [RUNNING, 8], [FUTEX, 4], [RUNNING, 2], [FUTEX, 2]);
  const source = await EmbeddedSource.open(given.base64());
  const [[tile]] = await source.tiles(12, 0, 1, [0]);
  assert.deepEqual([...tile.ends], [2, 3, 4, 256]);
  assert.deepEqual([...tile.what], [RUNNING, FUTEX, 256, NOTHING]);
  assert.deepEqual([...tile.mixes], [2, RUNNING, 128, FUTEX, 127]);
});

test("a level finer than the page has is refused", async () => {
  const source = await EmbeddedSource.open(new CaptureBuilder(1).base64());
  await assert.rejects(source.tiles(9, 0, 1, [0]), /as fine as that/);
});

test("damaged data is one sentence", async () => {
  await assert.rejects(EmbeddedSource.open("AAAA"));
});

function busy_capture(weight = 1): CaptureBuilder {
  const given = new CaptureBuilder(2, 10, 1 << 20, weight);
  for (let i = 0; i < 500; i++) {
    given.sample(i % 2, 2000 * i, ["main", i % 3 === 0 ? "work" : "rest:7", "leaf_k"]);
    given.wait(i % 2, 2000 * i + 500, 1000 + (i % 400), i % 7 ? FUTEX : DISK, ["main", "lock"], {
      lane: 1 - (i % 2),
      frames: ["main", "unlock"],
    });
  }
  return given;
}

test("samples and waits of parts of the time add up to the whole", async () => {
  const source = await EmbeddedSource.open(busy_capture(3).base64());
  for (const kind of ["running", "waiting", "wakers"] as const) {
    const whole = await source.stacks([0, 1], WHOLE, kind);
    let sum = 0;
    // 77,777 is beside every border of samples and waits.
    for (let from = 0; from < WHOLE.to; from += 77777) {
      const part = await source.stacks([0, 1], { from, to: from + 77777 }, kind);
      assert.equal(
        part.total,
        part.rows.reduce((all, row) => all + row[1], 0),
      );
      sum += part.total;
    }
    assert.equal(sum, whole.total, kind);
  }
  assert.equal((await source.stacks([0, 1], WHOLE, "running")).total, 1500);
});

test("a range is half open", async () => {
  const given = new CaptureBuilder(1);
  given.sample(0, 100, ["main"]);
  given.wait(0, 200, 50, FUTEX, ["main"]);
  const source = await EmbeddedSource.open(given.base64());
  const total = async (from: number, to: number, kind: "running" | "waiting") =>
    (await source.stacks([0], { from, to }, kind)).total;
  assert.equal(await total(100, 101, "running"), 1);
  assert.equal(await total(0, 100, "running"), 0);
  assert.equal(await total(210, 220, "waiting"), 10);
  assert.equal(await total(250, 300, "waiting"), 0);
});

test("a moment within a wait says who ended it", async () => {
  const given = new CaptureBuilder(2);
  given.wait(0, 5000, 3000, DISK, ["main", "read"], { lane: 1, frames: ["main", "write"] });
  given.wait(0, 9000, 1000, FUTEX, ["main"], { frames: ["irq_k"] });
  given.wait(0, 11000, 1000, FUTEX, ["main"]);
  given.cells(0, [RUNNING, 4], [DISK, 4]);
  const source = await EmbeddedSource.open(given.base64());
  const { slice, waker } = await source.at(0, 6000);
  assert.deepEqual([slice?.start, slice?.end, slice?.class], [5000, 8000, DISK]);
  assert.deepEqual([waker?.lane, waker?.tid, waker?.name, waker?.time], [1, 101, "thread 1", 8000]);
  assert.equal((await source.at(0, 9500)).waker?.lane, null);
  assert.equal((await source.at(0, 11500)).waker, undefined);
  assert.equal((await source.at(0, 100)).slice?.class, RUNNING);
  assert.equal((await source.at(0, 900_000)).slice, null);
});

test("boxes of samples end with the run, and merge to about as many as wanted", async () => {
  const given = new CaptureBuilder(1);
  given.cells(0, [RUNNING, 2], [NOTHING, 2], [RUNNING, 300]);
  given.sample(0, 1024, ["main", "a"]);
  given.sample(0, 4096, ["main", "b"]);
  given.sample(0, 5096, ["main", "b"]);
  const source = await EmbeddedSource.open(given.base64());
  const { boxes, merged } = await source.boxes(0, WHOLE, 100);
  assert.equal(merged, false);
  assert.deepEqual(
    boxes.map(([start, end]) => [start, end]),
    [
      [1024, 2048],
      [4096, 5096],
      [5096, 304 * 1024],
    ],
  );

  const busy = await EmbeddedSource.open(busy_capture().base64());
  const many = await busy.boxes(0, WHOLE, 50);
  assert.equal(many.merged, true);
  assert.ok(many.boxes.length <= 51 && many.boxes.length > 40, `${many.boxes.length}`);
  assert.equal(
    many.boxes.reduce((sum, box) => sum + box[4], 0),
    500,
  );
});

test("functions are found by part of their name, most samples first", async () => {
  const source = await EmbeddedSource.open(busy_capture().base64());
  const { found, total } = await source.search("E");
  const name = (fn: number) => source.names.names[fn];
  assert.deepEqual(
    found.map(([fn, self, all]) => [name(fn), self, all]),
    [
      ["leaf_k", 500, 500],
      ["rest", 0, 333],
    ],
  );
  assert.equal(total, 2);
});
