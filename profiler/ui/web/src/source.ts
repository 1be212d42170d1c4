// Where the page's data comes from: a server (server_source.ts) or the page itself
// (embedded_source.ts). PROTOCOL.md says what each field means. All times are nanoseconds since the
// beginning of the capture.

/** In the order in which they are shown. */
export const CLASS_KINDS = ["running", "stalled", "ready", "waiting", "unknown"] as const;

export interface StateClass {
  name: string;
  kind: (typeof CLASS_KINDS)[number];
}

export interface ThreadLane {
  kind: "thread";
  pid: number;
  tid: number;
  name: string;
  process: string;
  first: number;
  last: number;
  running: number;
  stalled: number;
  ready: number;
  waiting: number;
  unknown: number;
  switches: number;
  samples: number;
}

interface CpuLane {
  kind: "cpu";
  cpu: number;
  running: number;
  stalled: number;
}

export type Lane = ThreadLane | CpuLane;

export interface Freeze {
  start: number;
  length: number;
  cpus: number[];
  cause: string;
  functions: string[];
  program: string;
  lanes: number[];
}

export interface Summary {
  schema: number;
  file: string;
  command: string | null;
  kernel: string;
  started: string;
  cpus: number;
  clock: string;
  sample_hz: number;
  duration: number;
  events: number;
  samples: number;
  classes: StateClass[];
  lanes: Lane[];
  freezes: Freeze[];
  losses: { name: string; count: number; words: string }[];
  notes: string[];
  has: { samples: boolean; waits: boolean; wakers: boolean; other: boolean };
  finest: number;
}

export const BUCKETS_PER_TILE = 256;
export const NOTHING = 255;
export const MIXED = 256;

/** Cells of one tile, as runs: run i covers buckets [ends[i-1], ends[i]). */
export interface Tile {
  ends: Uint16Array;
  /** A class; NOTHING; or for several classes MIXED + the place of its shares in `mixes`. */
  what: Uint32Array;
  /** Of a mixed bucket: k, then k pairs of class and share (255: the whole bucket). */
  mixes: Uint8Array;
}

/** [start, end, class, node, count] */
export type Box = [number, number, number, number, number];
/** [node, weight, count, class] */
export type StackRow = [number, number, number, number];

export type StackKind = "running" | "waiting" | "wakers";

export interface Stacks {
  unit: "samples" | "ns";
  total: number;
  rows: StackRow[];
}

export interface At {
  /** Of a CPU: the lane of the thread that had it. */
  thread?: number | null;
  /** `cpu` is null where it is not known; of what is ready, the one it had or is to have. */
  slice: { start: number; end: number; class: number; cpu: number | null; node: number } | null;
  waker?: { lane: number | null; tid: number; name: string; time: number; node: number };
}

export interface Range {
  from: number;
  to: number;
}

/** Lanes by id; the range is never empty. */
export interface Selection {
  lanes: number[];
  range: Range;
}

export interface NamesDelta {
  first_node: number;
  parents: number[];
  functions: number[];
  lines: number[];
  inlined: number[];
  first_function: number;
  names: string[];
  modules: string[];
  files: string[];
  kernel: number[];
}

// One by one: push(...more) puts every element on the stack, which overflows with a hundred
// thousand.
function append<T>(to: T[], more: T[], skip: number): void {
  for (let i = skip; i < more.length; i++) to.push(more[i]);
}

/** The tree of stacks as far as it is known to the page. Grows only. */
export class Names {
  parents: number[] = [];
  functions: number[] = [];
  lines: number[] = [];
  inlined: number[] = [];
  names: string[] = [];
  modules: string[] = [];
  files: string[] = [];
  kernel: number[] = [];

  add(delta: NamesDelta): void {
    const node = this.parents.length - delta.first_node;
    if (node >= 0) {
      append(this.parents, delta.parents, node);
      append(this.functions, delta.functions, node);
      append(this.lines, delta.lines, node);
      append(this.inlined, delta.inlined, node);
    }
    const fn = this.names.length - delta.first_function;
    if (fn >= 0) {
      append(this.names, delta.names, fn);
      append(this.modules, delta.modules, fn);
      append(this.files, delta.files, fn);
      append(this.kernel, delta.kernel, fn);
    }
  }

  known(): string {
    return `${this.parents.length},${this.names.length}`;
  }

  /** Functions from the outermost caller to `node` itself; empty for the root. */
  path(node: number): number[] {
    const path: number[] = [];
    for (let at = node; at > 0; at = this.parents[at]) path.push(at);
    return path.reverse();
  }
}

/** Ids of the lanes of a kind. */
export function lanes_of(lanes: Lane[], kind: Lane["kind"]): number[] {
  return lanes.flatMap((lane, id) => (lane.kind === kind ? [id] : []));
}

export interface Source {
  readonly names: Names;
  summary(): Promise<Summary>;
  /** Tiles first … first + count − 1 of each lane, in the order of `lanes`. */
  tiles(level: number, first: number, count: number, lanes: number[]): Promise<Tile[][]>;
  boxes(lane: number, range: Range, most: number): Promise<{ boxes: Box[]; merged: boolean }>;
  stacks(lanes: number[], range: Range, kind: StackKind): Promise<Stacks>;
  at(lane: number, time: number): Promise<At>;
  search(text: string): Promise<{ found: [number, number, number][]; total: number }>;
  source(fn: number): Promise<{ file?: string; lines?: string[]; why?: string }>;
}
