// Builds the block of data that a page carries, from the text of PROTOCOL.md: what a test gives is
// what embedded_source.ts must find. Verbs: `given.sample(lane, time, ["main", "work"])`.

import { deflateSync } from "node:zlib";
import type { NamesDelta, Summary } from "../src/source";
import { summary_of, thread } from "./fake_source";

/** n buckets of one class (255: nothing), or one bucket of several as [class, share] pairs. */
export type Run = [what: number, buckets: number] | [number, number][];

interface LaneRows {
  cells: Run[];
  samples: [time: number, node: number][];
  waits: [
    start: number,
    length: number,
    index: number,
    node: number,
    waker: number,
    waker_node: number,
  ][];
}

export class CaptureBuilder {
  private names: NamesDelta = {
    first_node: 0,
    parents: [0],
    functions: [0],
    lines: [0],
    inlined: [0],
    first_function: 0,
    names: [],
    modules: [],
    files: [],
    kernel: [],
  };
  private lanes: LaneRows[];
  private nodes = new Map<string, number>();

  constructor(
    lanes: number,
    private readonly level = 10,
    private readonly duration = 1 << 20,
    private readonly weight = 1,
  ) {
    this.lanes = Array.from({ length: lanes }, () => ({ cells: [], samples: [], waits: [] }));
  }

  /** Frames are "name", "name:line" or, of the kernel, "name_k"; outermost caller first. */
  node(frames: string[]): number {
    let node = 0;
    for (const frame of frames) {
      const key = `${node} ${frame}`;
      let next = this.nodes.get(key);
      if (next === undefined) {
        const [name, line] = frame.split(":");
        const { names } = this;
        next = names.parents.length;
        names.parents.push(node);
        names.functions.push(this.fn(name));
        names.lines.push(Number(line ?? 0));
        names.inlined.push(name.endsWith("_inline") ? 1 : 0);
        this.nodes.set(key, next);
      }
      node = next;
    }
    return node;
  }

  fn(name: string): number {
    const found = this.names.names.indexOf(name);
    if (found >= 0) return found;
    const is_kernel = name.endsWith("_k");
    this.names.names.push(name);
    this.names.modules.push(is_kernel ? "[kernel]" : "/usr/bin/app");
    this.names.files.push(is_kernel ? "" : "app.c");
    this.names.kernel.push(is_kernel ? 1 : 0);
    return this.names.names.length - 1;
  }

  cells(lane: number, ...runs: Run[]): void {
    this.lanes[lane].cells.push(...runs);
  }

  sample(lane: number, time: number, frames: string[]): void {
    this.lanes[lane].samples.push([time, this.node(frames)]);
  }

  wait(
    lane: number,
    start: number,
    length: number,
    index: number,
    frames: string[],
    waker?: { lane?: number; frames: string[] },
  ): void {
    const waker_lane = waker?.lane === undefined ? 0 : waker.lane + 1;
    const waker_node = waker ? this.node(waker.frames) : 0;
    this.lanes[lane].waits.push([start, length, index, this.node(frames), waker_lane, waker_node]);
  }

  base64(): string {
    const bytes: number[] = [];
    const piece = (content: number[]) => {
      const offset = bytes.length;
      for (const byte of content) bytes.push(byte);
      return [offset, content.length];
    };
    const lanes = this.lanes.map((lane) => ({
      cells: piece(encode_cells(lane.cells)),
      samples: piece(encode_samples(lane.samples)),
      waits: piece(encode_waits(lane.waits)),
    }));
    const head = {
      summary: this.summary(),
      names: this.names,
      level: this.level,
      lanes,
      sample_weight: this.weight,
    };
    const text = Buffer.from(JSON.stringify(head));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return deflateSync(Buffer.concat([length, text, Buffer.from(bytes)])).toString("base64");
  }

  summary(): Summary {
    const lanes = this.lanes.map((_, i) => thread(100, 100 + i, `thread ${i}`));
    return summary_of(lanes, { duration: this.duration, finest: this.level });
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

function encode_cells(runs: Run[]): number[] {
  return runs.flatMap((run) => {
    if (typeof run[0] === "number") return [run[0], ...varint(run[1] as number)];
    return [254, 1, run.length, ...(run as [number, number][]).flat()];
  });
}

function encode_samples(samples: LaneRows["samples"]): number[] {
  let before = 0;
  return samples.flatMap(([time, node]) => {
    const bytes = [...varint(time - before), ...varint(node)];
    before = time;
    return bytes;
  });
}

function encode_waits(waits: LaneRows["waits"]): number[] {
  let before = 0;
  return waits.flatMap(([start, length, index, node, waker, waker_node]) => {
    const bytes = [
      ...varint(start - before),
      ...varint(length),
      index,
      ...varint(node),
      ...varint(waker),
      ...varint(waker_node),
    ];
    before = start;
    return bytes;
  });
}
