// Tiles of any level made from the finest cells that a page has. Shares are added up exactly and
// rounded once, so that a tile of the whole capture has as much of every class as its cells.

import type { Cells } from "./embedded_block";
import { first_after } from "./sorted";
import { BUCKETS_PER_TILE, MIXED, NOTHING, type Tile } from "./source";

const WHOLE = 255;
const MOST_CLASSES = 64;

/** Tile `index` whose buckets are `factor` buckets of `cells` each. */
export function make_tile(cells: Cells, factor: number, index: number): Tile {
  const tile = new TileWriter();
  const sums = new Float64Array(MOST_CLASSES);
  let bucket = index * BUCKETS_PER_TILE * factor;
  let run = run_at(cells, bucket);
  for (let out = 0; out < BUCKETS_PER_TILE; out++) {
    const end = bucket + factor;
    // Long stretches of one class, and nothing behind the last run, are not worth sums.
    const what = run < cells.ends.length ? cells.what[run] : NOTHING;
    if (what < MIXED && !(cells.ends[run] < end)) {
      tile.add_pure(what);
      bucket = end;
      if (bucket === cells.ends[run]) run++;
      continue;
    }
    sums.fill(0);
    while (bucket < end && run < cells.ends.length) {
      const until = Math.min(end, cells.ends[run]);
      add_shares(sums, cells, run, until - bucket);
      bucket = until;
      if (bucket === cells.ends[run]) run++;
    }
    bucket = end;
    tile.add(sums, factor);
  }
  return tile.finish();
}

/** The run that covers a bucket; the number of runs if none does. */
export function run_at(cells: Cells, bucket: number): number {
  return first_after(cells.ends, bucket);
}

/** Adds what a run has in `buckets` of its buckets, in 255ths of a bucket. */
function add_shares(sums: Float64Array, cells: Cells, run: number, buckets: number): void {
  const what = cells.what[run];
  if (what < MIXED) {
    if (what !== NOTHING) sums[what] += WHOLE * buckets;
    return;
  }
  const at = what - MIXED;
  for (let i = 0; i < cells.mixes[at]; i++)
    sums[cells.mixes[at + 1 + 2 * i]] += cells.mixes[at + 2 + 2 * i] * buckets;
}

/** [class, share] of a bucket by share; `sums` are in 255ths of one of `factor` buckets. */
function shares_of(sums: Float64Array, factor: number): [number, number][] {
  const shares: [number, number][] = [];
  let all = 0;
  for (let index = 0; index < sums.length; index++) {
    if (sums[index] === 0) continue;
    all += sums[index];
    shares.push([index, sums[index] / factor]);
  }
  return rounded(shares, Math.round(all / factor));
}

/** Rounds down, then gives what is missing to `goal` to those that lost most. */
function rounded(shares: [number, number][], goal: number): [number, number][] {
  const lost = shares.map(([, share]) => share - Math.floor(share));
  const order = shares.map((_, i) => i).sort((a, b) => lost[b] - lost[a]);
  for (const share of shares) share[1] = Math.floor(share[1]);
  let missing = goal - shares.reduce((sum, share) => sum + share[1], 0);
  for (const i of order) if (missing-- > 0) shares[i][1]++;
  return shares.filter((share) => share[1] > 0).sort((a, b) => b[1] - a[1]);
}

class TileWriter {
  private ends: number[] = [];
  private what: number[] = [];
  private mixes: number[] = [];
  private end = 0;

  add(sums: Float64Array, factor: number): void {
    const shares = shares_of(sums, factor);
    if (shares.length === 0) return this.add_pure(NOTHING);
    if (shares.length === 1 && shares[0][1] === WHOLE) return this.add_pure(shares[0][0]);
    this.ends.push(++this.end);
    this.what.push(MIXED + this.mixes.length);
    this.mixes.push(shares.length);
    for (const [index, share] of shares) this.mixes.push(index, share);
  }

  /** `what`: a class or NOTHING, for the whole bucket. */
  add_pure(what: number): void {
    this.end++;
    if (this.what[this.what.length - 1] === what) this.ends[this.ends.length - 1] = this.end;
    else {
      this.ends.push(this.end);
      this.what.push(what);
    }
  }

  finish(): Tile {
    return {
      ends: Uint16Array.from(this.ends),
      what: Uint32Array.from(this.what),
      mixes: Uint8Array.from(this.mixes),
    };
  }
}
