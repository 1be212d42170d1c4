import assert from "node:assert/strict";
import { test } from "node:test";
import { add_shares, decode_tile, decode_tiles, EMPTY_TILE, main_class } from "../src/cells";

const RUNNING = 0;
const FUTEX = 3;
// 100 buckets running, two mixed, 154 nothing.
const CELLS = [RUNNING, 100, 254, 2, 2, RUNNING, 128, FUTEX, 127, 1, FUTEX, 51, 255, 154 | 128, 1];

test("runs end where their cells do", () => {
  const tile = decode_tile(Uint8Array.from(CELLS));
  assert.deepEqual([...tile.ends], [100, 101, 102, 256]);
  assert.equal(tile.what[0], RUNNING);
  assert.equal(tile.what[3], 255);
});

test("shares add up over pure and mixed buckets", () => {
  const sums = new Float64Array(8);
  add_shares(decode_tile(Uint8Array.from(CELLS)), 90, 256, sums);
  assert.equal(sums[RUNNING], 10 + 128 / 255);
  assert.equal(sums[FUTEX], 127 / 255 + 51 / 255);
});

test("a mixed bucket is mostly its largest share", () => {
  const tile = decode_tile(Uint8Array.from(CELLS));
  assert.equal(main_class(tile, 99), RUNNING);
  assert.equal(main_class(tile, 101), FUTEX);
  assert.equal(main_class(tile, 200), 255);
});

test("cells that are cut short end as nothing", () => {
  for (let length = 0; length < CELLS.length; length++) {
    const tile = decode_tile(Uint8Array.from(CELLS.slice(0, length)));
    assert.equal(tile.ends.at(-1), 256);
    assert.equal(tile.ends.length, tile.what.length);
  }
  assert.equal(decode_tile(new Uint8Array(0)), EMPTY_TILE);
});

test("cells of more than a tile are cut at its end", () => {
  const tile = decode_tile(Uint8Array.of(RUNNING, 200, 1, FUTEX, 200, 2));
  assert.equal(tile.ends.at(-1), 256);
});

test("an answer is lanes of tiles in the order that was asked", () => {
  const answer = Uint8Array.of(3, 0, 0, 0, RUNNING, 128, 2, 3, 0, 0, 0, FUTEX, 128, 2);
  const [[first], [second]] = decode_tiles(answer.buffer, 2, 1);
  assert.equal(first.what[0], RUNNING);
  assert.equal(second.what[0], FUTEX);
});

test("an answer that is too short is an error", () => {
  assert.throws(() => decode_tiles(Uint8Array.of(9, 0, 0, 0, 1).buffer, 1, 1));
});
