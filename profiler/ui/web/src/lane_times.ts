// How long lanes were in each state within a range, from tiles fine enough for it.

import { add_shares } from "./cells";
import { word_of } from "./classes";
import {
  BUCKETS_PER_TILE,
  CLASS_KINDS,
  type Range,
  type Selection,
  type Source,
  type StateClass,
} from "./source";
import { bucket_ns, level_for, tile_ns, tiles_of } from "./view";

// Lanes per question: an answer stays small.
const LANES_AT_ONCE = 200;
// A range is cut into at least half as many buckets; its ends are exact to one of them.
const BUCKETS = 512;

/** Sum over the lanes, ns by class. */
export async function lane_times(
  source: Source,
  selection: Selection,
  classes: StateClass[],
  finest: number,
): Promise<Float64Array> {
  const { range } = selection;
  const level = level_for((range.to - range.from) / BUCKETS, finest);
  const { first, last } = tiles_of(range, level);
  const lanes = [...selection.lanes].sort((a, b) => a - b);
  const sums = new Float64Array(classes.length);
  for (let i = 0; i < lanes.length; i += LANES_AT_ONCE) {
    const some = lanes.slice(i, i + LANES_AT_ONCE);
    for (const tiles of await source.tiles(level, first, last - first + 1, some))
      tiles.forEach((tile, at) => {
        const [from, to] = buckets_within(range, level, first + at);
        add_shares(tile, from, to, sums);
      });
  }
  return sums.map((buckets) => buckets * bucket_ns(level));
}

function buckets_within(range: Range, level: number, tile: number): [number, number] {
  const start = tile * tile_ns(level);
  const bucket = (time: number) =>
    Math.min(BUCKETS_PER_TILE, Math.max(0, Math.round((time - start) / bucket_ns(level))));
  const from = bucket(range.from);
  return [
    from,
    Math.max(bucket(range.to), from + (range.to - range.from < bucket_ns(level) ? 1 : 0)),
  ];
}

export interface StateTime {
  class: number;
  name: string;
  ns: number;
}

/** Running, stalled and ready first, then the waits, longest first; what was not is left out. */
export function by_length(times: Float64Array, classes: StateClass[]): StateTime[] {
  return classes
    .map(({ name, kind }, i) => ({ class: i, name, kind, ns: times[i] }))
    .filter(({ ns }) => ns > 0)
    .sort((a, b) => {
      const by_kind = CLASS_KINDS.indexOf(a.kind) - CLASS_KINDS.indexOf(b.kind);
      return by_kind !== 0 ? by_kind : b.ns - a.ns;
    })
    .map(({ class: index, ns }) => ({ class: index, name: word_of(classes[index]), ns }));
}
