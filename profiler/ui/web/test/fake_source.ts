// A source that answers from memory, and a summary to build lanes of.

import {
  type At,
  type Freeze,
  type Lane,
  Names,
  type Source,
  type StateClass,
  type Summary,
  type ThreadLane,
  type Tile,
} from "../src/source";

export const CLASSES: StateClass[] = [
  { name: "running", kind: "running" },
  { name: "stalled", kind: "stalled" },
  { name: "ready", kind: "ready" },
  { name: "futex", kind: "waiting" },
  { name: "disk", kind: "waiting" },
  { name: "unknown", kind: "unknown" },
];

export function thread(pid: number, tid: number, name = "worker", process = "app"): ThreadLane {
  const times = { first: 0, last: 1e9, running: 1, stalled: 0, ready: 0, waiting: 0, unknown: 0 };
  return { kind: "thread", pid, tid, name, process, ...times, switches: 0, samples: 0 };
}

export function freeze(start: number, length: number): Freeze {
  return { start, length, cpus: [0], cause: "", functions: [], program: "", lanes: [] };
}

export function summary_of(lanes: Lane[], changes: Partial<Summary> = {}): Summary {
  return {
    schema: 1,
    file: "/tmp/a.thaw",
    command: null,
    kernel: "6.12",
    started: "",
    cpus: 2,
    clock: "cycles",
    sample_hz: 997,
    duration: 1e9,
    events: 1,
    samples: 1,
    classes: CLASSES,
    lanes,
    freezes: [],
    losses: [],
    notes: [],
    has: { samples: true, waits: true, wakers: true, other: false },
    finest: 0,
    ...changes,
  };
}

/** What was asked of it is in `asked`; `tile` makes the answers. */
export class FakeSource implements Source {
  readonly names = new Names();
  readonly asked: { level: number; first: number; count: number; lanes: number[] }[] = [];
  broken = false;

  constructor(private readonly tile: (level: number, lane: number, index: number) => Tile) {}

  async tiles(level: number, first: number, count: number, lanes: number[]): Promise<Tile[][]> {
    this.asked.push({ level, first, count, lanes });
    if (this.broken) throw new Error("gone");
    return lanes.map((lane) =>
      Array.from({ length: count }, (_, i) => this.tile(level, lane, first + i)),
    );
  }

  async summary(): Promise<Summary> {
    return summary_of([]);
  }

  async boxes() {
    return { boxes: [], merged: false };
  }

  async stacks() {
    return { unit: "samples" as const, total: 0, rows: [] };
  }

  async at(): Promise<At> {
    return { slice: null };
  }

  async search() {
    return { found: [], total: 0 };
  }

  async source() {
    return {};
  }
}
