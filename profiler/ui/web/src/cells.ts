// Cells of a tile as they come over the wire (PROTOCOL.md, "Tiles") into runs. Damaged cells end
// the tile early: what is missing is drawn as nothing.

import { first_after } from "./sorted";
import { BUCKETS_PER_TILE, MIXED, NOTHING, type Tile } from "./source";
import { Varints } from "./varints";

/** Of several classes, each bucket with its shares. */
export const TAG_MIXED = 254;

export const EMPTY_TILE: Tile = {
  ends: Uint16Array.of(BUCKETS_PER_TILE),
  what: Uint32Array.of(NOTHING),
  mixes: new Uint8Array(0),
};

// Room for one tile; tiles are copied out of it at their true size. Shares are at most 64 classes
// of two bytes and their count for each of 256 buckets.
const ends = new Uint16Array(BUCKETS_PER_TILE);
const what = new Uint32Array(BUCKETS_PER_TILE);
const mixes = new Uint8Array(BUCKETS_PER_TILE * 129);

export function decode_tile(bytes: Uint8Array): Tile {
  const input = new Varints(bytes);
  let runs = 0;
  let end = 0;
  let mixed = 0;

  const add = (kind: number, count: number) => {
    end = Math.min(end + count, BUCKETS_PER_TILE);
    if (runs > 0 && what[runs - 1] === kind) runs--;
    ends[runs] = end;
    what[runs++] = kind;
  };

  while (input.more && end < BUCKETS_PER_TILE) {
    const tag = input.byte();
    const count = input.next();
    if (tag !== TAG_MIXED) {
      if (count > 0) add(tag, count);
      continue;
    }
    for (let i = 0; i < count && input.more && end < BUCKETS_PER_TILE; i++) {
      const size = 1 + 2 * Math.min(bytes[input.at], 64);
      add(MIXED + mixed, 1);
      for (let k = 0; k < size; k++) mixes[mixed++] = input.byte();
    }
  }
  if (end < BUCKETS_PER_TILE) add(NOTHING, BUCKETS_PER_TILE - end);
  if (runs === 1 && what[0] === NOTHING) return EMPTY_TILE;
  return { ends: ends.slice(0, runs), what: what.slice(0, runs), mixes: mixes.slice(0, mixed) };
}

/** An answer to `tiles`: per lane, in it per tile, a length and the cells. */
export function decode_tiles(answer: ArrayBuffer, lanes: number, count: number): Tile[][] {
  const view = new DataView(answer);
  let at = 0;
  return Array.from({ length: lanes }, () =>
    Array.from({ length: count }, () => {
      const length = view.getUint32(at, true);
      const cells = new Uint8Array(answer, at + 4, length);
      at += 4 + length;
      return decode_tile(cells);
    }),
  );
}

/** Share of each class in buckets [from, to) of a tile, in buckets, added to `sums` by class. */
export function add_shares(tile: Tile, from: number, to: number, sums: Float64Array): void {
  for (let run = 0, start = 0; run < tile.ends.length && start < to; start = tile.ends[run++]) {
    const length = Math.min(tile.ends[run], to) - Math.max(start, from);
    if (length <= 0) continue;
    const kind = tile.what[run];
    if (kind < NOTHING) sums[kind] += length;
    if (kind < MIXED) continue;
    const at = kind - MIXED;
    for (let k = 0; k < tile.mixes[at]; k++)
      sums[tile.mixes[at + 1 + 2 * k]] += (length * tile.mixes[at + 2 + 2 * k]) / 255;
  }
}

/** What a bucket of a tile is mostly: a class or NOTHING. */
export function main_class(tile: Tile, bucket: number): number {
  return class_of_run(tile, Math.min(first_after(tile.ends, bucket), tile.ends.length - 1));
}

/** What a run is mostly: of several classes, the largest is the first. */
export function class_of_run(cells: Pick<Tile, "what" | "mixes">, run: number): number {
  const kind = cells.what[run];
  return kind < MIXED ? kind : cells.mixes[kind - MIXED + 1];
}

export function bytes_of(tile: Tile): number {
  // Three typed arrays and the object around them cost about 300 bytes in V8.
  return 300 + tile.ends.byteLength + tile.what.byteLength + tile.mixes.byteLength;
}
