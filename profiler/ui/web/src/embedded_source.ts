// Answers the page's questions from the block of data inside the page (`thaw html`): there is no
// server. The answers are those of server_source.ts as far as the page has what they need: samples
// may have been thinned out, then each stands for `sample_weight` of them, and waits that are too
// short for the page are in the tiles alone. summary.notes tells the reader.

import { build_tree, function_costs, type FunctionCost } from "./call_tree";
import { boxes_of } from "./embedded_boxes";
import { class_of_run } from "./cells";
import { type Block, type Cells, type Samples, type Waits, read_block } from "./embedded_block";
import { make_tile, run_at } from "./embedded_tiles";
import {
  type At,
  type Box,
  lanes_of,
  Names,
  NOTHING,
  type Range,
  type Source,
  type StackKind,
  type StackRow,
  type Stacks,
  type Summary,
  type Tile,
} from "./source";
import { first_after, first_from, last_up_to } from "./sorted";

const MOST_FOUND = 200;

/** The data in this page, or null in a page without any (then a server has it). */
export async function open_embedded(page: Document): Promise<EmbeddedSource | null> {
  const text = page.getElementById("thaw-data")?.textContent?.trim();
  return text ? EmbeddedSource.open(text) : null;
}

export class EmbeddedSource implements Source {
  readonly names = new Names();
  private readonly running: number;
  private readonly lanes: LanePieces[];
  private costs: Map<number, FunctionCost> | null = null;

  constructor(private readonly block: Block) {
    const { names, summary } = block.head;
    this.names.add(names);
    this.running = Math.max(
      0,
      summary.classes.findIndex((each) => each.kind === "running"),
    );
    this.lanes = summary.lanes.map((_, lane) => new LanePieces(block, lane));
  }

  static async open(base64: string): Promise<EmbeddedSource> {
    return new EmbeddedSource(await read_block(base64));
  }

  async summary(): Promise<Summary> {
    return this.block.head.summary;
  }

  async tiles(level: number, first: number, count: number, lanes: number[]): Promise<Tile[][]> {
    const base = this.block.head.level;
    if (level < base) throw new Error("this page has no tiles as fine as that");
    const factor = 2 ** (level - base);
    return lanes.map((lane) =>
      Array.from({ length: count }, (_, i) => make_tile(this.lanes[lane].cells, factor, first + i)),
    );
  }

  async boxes(
    lane: number,
    range: Range,
    most: number,
  ): Promise<{ boxes: Box[]; merged: boolean }> {
    const pieces = this.lanes[lane];
    const { level, sample_weight } = this.block.head;
    return boxes_of(
      { ...pieces.all(), bucket: 2 ** level, running: this.running, weight: sample_weight },
      range,
      most,
    );
  }

  async stacks(lanes: number[], range: Range, kind: StackKind): Promise<Stacks> {
    if (kind === "running" && lanes.length > 0 && lanes.every((lane) => this.is_cpu(lane)))
      throw new Error("this page has samples by thread alone: select threads instead of CPUs");
    const rows =
      kind === "running" ? this.samples_in(lanes, range) : this.waits_in(lanes, range, kind);
    const total = rows.reduce((sum, row) => sum + row[1], 0);
    return { unit: kind === "running" ? "samples" : "ns", total, rows };
  }

  async at(lane: number, time: number): Promise<At> {
    const { waits } = this.lanes[lane];
    const wait = last_up_to(waits.starts, time);
    if (wait >= 0 && time < waits.ends[wait]) return this.wait_at(waits, wait);
    return { slice: this.slice_at(lane, time) };
  }

  async search(text: string): Promise<{ found: [number, number, number][]; total: number }> {
    const wanted = text.toLowerCase();
    const costs = this.whole_costs();
    const none = { self: 0, total: 0 };
    const matches = this.names.names
      .map((name, fn) => ({ name, fn, ...(costs.get(fn) ?? none) }))
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort((a, b) => b.total - a.total || b.self - a.self);
    const found = matches
      .slice(0, MOST_FOUND)
      .map(({ fn, self, total }): [number, number, number] => [fn, self, total]);
    return { found, total: matches.length };
  }

  async source(): Promise<{ why: string }> {
    return { why: "not in this page: open the capture with thaw view" };
  }

  private is_cpu(lane: number): boolean {
    return this.block.head.summary.lanes[lane]?.kind === "cpu";
  }

  private samples_in(lanes: number[], range: Range): StackRow[] {
    const counts = new Map<number, number>();
    for (const lane of lanes) {
      const { times, nodes } = this.lanes[lane].samples;
      const end = first_from(times, range.to);
      for (let i = first_from(times, range.from); i < end; i++)
        counts.set(nodes[i], (counts.get(nodes[i]) ?? 0) + 1);
    }
    const weight = this.block.head.sample_weight;
    return [...counts].map(([node, n]) => [node, n * weight, n, this.running]);
  }

  private waits_in(lanes: number[], range: Range, kind: StackKind): StackRow[] {
    const rows = new Map<number, StackRow>();
    for (const lane of lanes) {
      const { starts, ends, classes, nodes, waker_nodes } = this.lanes[lane].waits;
      for (let i = first_after(ends, range.from); i < starts.length && starts[i] < range.to; i++) {
        const time = Math.min(ends[i], range.to) - Math.max(starts[i], range.from);
        const node = kind === "wakers" ? waker_nodes[i] : nodes[i];
        const key = node * 256 + classes[i];
        const row = rows.get(key);
        if (row) {
          row[1] += time;
          row[2]++;
        } else rows.set(key, [node, time, 1, classes[i]]);
      }
    }
    return [...rows.values()];
  }

  private wait_at(waits: Waits, i: number): At {
    const time = waits.ends[i];
    const slice = {
      start: waits.starts[i],
      end: time,
      class: waits.classes[i],
      cpu: null,
      node: waits.nodes[i],
    };
    if (waits.wakers[i] === 0 && waits.waker_nodes[i] === 0) return { slice };
    const lane = waits.wakers[i] === 0 ? null : waits.wakers[i] - 1;
    const waker = lane === null ? undefined : this.block.head.summary.lanes[lane];
    const { tid, name } = waker?.kind === "thread" ? waker : { tid: 0, name: "" };
    return { slice, waker: { lane, tid, name, time, node: waits.waker_nodes[i] } };
  }

  private slice_at(lane: number, time: number): At["slice"] {
    const { cells, samples } = this.lanes[lane];
    const bucket = 2 ** this.block.head.level;
    const run = run_at(cells, Math.floor(time / bucket));
    if (time < 0 || run >= cells.ends.length || cells.what[run] === NOTHING) return null;
    const start = run === 0 ? 0 : cells.ends[run - 1] * bucket;
    const end = Math.min(cells.ends[run] * bucket, this.block.head.summary.duration);
    const index = class_of_run(cells, run);
    const sample = last_up_to(samples.times, time);
    const is_sampled = index === this.running && sample >= 0 && samples.times[sample] >= start;
    return { start, end, class: index, cpu: null, node: is_sampled ? samples.nodes[sample] : 0 };
  }

  /** By function. Of all threads: CPUs have the same samples once more. */
  private whole_costs(): Map<number, FunctionCost> {
    if (this.costs) return this.costs;
    const threads = lanes_of(this.block.head.summary.lanes, "thread");
    const rows = this.samples_in(threads, { from: 0, to: Infinity });
    const costs = function_costs(build_tree(rows, this.names));
    return (this.costs = new Map(costs.map((cost) => [cost.fn, cost])));
  }
}

/** What the page has of one lane, decoded when it is first looked at. */
class LanePieces {
  private cells_read: Cells | null = null;
  private samples_read: Samples | null = null;
  private waits_read: Waits | null = null;

  constructor(
    private readonly block: Block,
    private readonly lane: number,
  ) {}

  get cells(): Cells {
    return (this.cells_read ??= this.block.cells(this.lane));
  }
  get samples(): Samples {
    return (this.samples_read ??= this.block.samples(this.lane));
  }
  get waits(): Waits {
    return (this.waits_read ??= this.block.waits(this.lane));
  }
  all(): { cells: Cells; samples: Samples; waits: Waits } {
    return { cells: this.cells, samples: this.samples, waits: this.waits };
  }
}
