// What a lane's stack was over time, from the samples and waits that a page has. A sample stands
// for the time until the next one, at most until the lane stopped running as far as the cells tell.
// Boxes too many to draw are merged: a merged box has the stack that most of its time had.

import type { Cells, Samples, Waits } from "./embedded_block";
import { run_at } from "./embedded_tiles";
import { first_after, first_from } from "./sorted";
import { type Box, MIXED, type Range } from "./source";

interface LaneStacks {
  cells: Cells;
  samples: Samples;
  waits: Waits;
  /** ns of a cell's bucket. */
  bucket: number;
  /** The class of samples. */
  running: number;
  /** How many samples each stands for. */
  weight: number;
}

export function boxes_of(
  lane: LaneStacks,
  range: Range,
  most: number,
): { boxes: Box[]; merged: boolean } {
  const boxes = [...sample_boxes(lane, range), ...wait_boxes(lane, range)].sort(
    (a, b) => a[0] - b[0],
  );
  for (let i = 0; i + 1 < boxes.length; i++) boxes[i][1] = Math.min(boxes[i][1], boxes[i + 1][0]);
  if (boxes.length <= most) return { boxes, merged: false };
  return { boxes: merge_boxes(boxes, range, most), merged: true };
}

function sample_boxes(lane: LaneStacks, range: Range): Box[] {
  const { times, nodes } = lane.samples;
  const boxes: Box[] = [];
  const last = first_from(times, range.to);
  for (let i = Math.max(0, first_from(times, range.from) - 1); i < last; i++) {
    const next = i + 1 < times.length ? times[i + 1] : Infinity;
    const end = Math.min(next, run_end(lane, times[i]));
    if (end > range.from) boxes.push([times[i], end, lane.running, nodes[i], lane.weight]);
  }
  return boxes;
}

/** Where the lane had stopped running at the latest, as far as the cells tell. */
function run_end(lane: LaneStacks, time: number): number {
  const { cells, bucket } = lane;
  let run = run_at(cells, Math.floor(time / bucket));
  let end = time + 1;
  // A run on a CPU is at most: a bucket shared with something else, whole buckets, a shared one.
  for (let i = 0; i < 3 && run < cells.ends.length && has_class(cells, run, lane.running); i++)
    end = cells.ends[run++] * bucket;
  return end;
}

function has_class(cells: Cells, run: number, index: number): boolean {
  const what = cells.what[run];
  if (what < MIXED) return what === index;
  const at = what - MIXED;
  for (let i = 0; i < cells.mixes[at]; i++) if (cells.mixes[at + 1 + 2 * i] === index) return true;
  return false;
}

function wait_boxes({ waits }: LaneStacks, range: Range): Box[] {
  const boxes: Box[] = [];
  for (let i = first_after(waits.ends, range.from); i < waits.starts.length; i++) {
    if (waits.starts[i] >= range.to) break;
    boxes.push([waits.starts[i], waits.ends[i], waits.classes[i], waits.nodes[i], 1]);
  }
  return boxes;
}

function merge_boxes(boxes: Box[], range: Range, most: number): Box[] {
  const width = (range.to - range.from) / Math.max(1, most);
  const merged: Box[] = [];
  let slot = -1;
  let group: Box[] = [];
  for (const box of boxes) {
    const at = Math.floor((box[0] - range.from) / width);
    if (at !== slot && group.length > 0) {
      merged.push(merged_box(group));
      group = [];
    }
    slot = at;
    group.push(box);
  }
  if (group.length > 0) merged.push(merged_box(group));
  return merged;
}

function merged_box(group: Box[]): Box {
  const times = new Map<string, [time: number, box: Box]>();
  let count = 0;
  let end = 0;
  for (const box of group) {
    const key = `${box[2]} ${box[3]}`;
    const entry = times.get(key) ?? [0, box];
    entry[0] += box[1] - box[0];
    times.set(key, entry);
    count += box[4];
    end = Math.max(end, box[1]);
  }
  const [, most] = [...times.values()].reduce((a, b) => (b[0] > a[0] ? b : a));
  return [group[0][0], end, most[2], most[3], count];
}
