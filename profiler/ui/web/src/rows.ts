// Which lanes stand under each other, and where: threads below the heading of their process, or
// CPUs. Pure. Heights are CSS pixels.

import { first_past } from "./sorted";
import type { Lane, Summary, ThreadLane } from "./source";

export const LANE_HEIGHT = 22;
/** From the top of an expanded lane to its stacks. */
export const CHART_TOP = LANE_HEIGHT + 2;
export const HEADING_HEIGHT = 24;
const PROCESS_GAP = 4;

export type Mode = "threads" | "cpus";

/** What lanes are in a mode, and what one is called. */
export const MODES: Record<Mode, { kind: Lane["kind"]; word: string }> = {
  threads: { kind: "thread", word: "thread" },
  cpus: { kind: "cpu", word: "CPU" },
};

export interface HeadingRow {
  kind: "process";
  pid: number;
  name: string;
  /** All of them, also those that the filter hides. */
  lanes: number[];
  open: boolean;
  y: number;
  height: number;
}

export interface LaneRow {
  kind: "lane";
  lane: number;
  /** Has no heading above it: the only thread of its process, or a CPU. */
  alone: boolean;
  /** Among all lanes that are shown, from 1. */
  place: number;
  y: number;
  /** Of the lane and of the stacks below it. */
  height: number;
}

export type Row = HeadingRow | LaneRow;

export interface Layout {
  rows: Row[];
  height: number;
  /** Row of each lane that is shown. */
  of_lane: Map<number, LaneRow>;
}

interface Arrangement {
  mode: Mode;
  filter: string;
  closed: ReadonlySet<number>;
  /** Height of the stacks below a lane, 0 for lanes that are not expanded. */
  chart_height(lane: number): number;
}

function words_of(lane: Lane): string {
  if (lane.kind === "cpu") return `cpu ${lane.cpu}`;
  return `${lane.name} ${lane.process} ${lane.tid} ${lane.pid}`.toLowerCase();
}

/** Every word of the filter must occur: in the names or ids of a thread and its process. */
export function make_filter(filter: string): (lane: Lane) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return (lane) => {
    if (words.length === 0) return true;
    const text = words_of(lane);
    return words.every((word) => text.includes(word));
  };
}

interface Group {
  pid: number;
  lanes: number[];
}

function processes(lanes: Lane[]): Group[] {
  const groups = new Map<number, Group>();
  lanes.forEach((lane, id) => {
    if (lane.kind !== "thread") return;
    const group = groups.get(lane.pid);
    if (group) group.lanes.push(id);
    else groups.set(lane.pid, { pid: lane.pid, lanes: [id] });
  });
  return [...groups.values()];
}

export function arrange(summary: Summary, how: Arrangement): Layout {
  const { lanes } = summary;
  const is_shown = make_filter(how.filter);
  const layout: Layout = { rows: [], height: 0, of_lane: new Map() };

  const add_lane = (lane: number, alone: boolean) => {
    const height = LANE_HEIGHT + (lanes[lane].kind === "thread" ? how.chart_height(lane) : 0);
    const place = layout.of_lane.size + 1;
    const row: LaneRow = { kind: "lane", lane, alone, place, y: layout.height, height };
    layout.rows.push(row);
    layout.of_lane.set(lane, row);
    layout.height += height;
  };

  if (how.mode === "cpus") {
    lanes.forEach((lane, id) => lane.kind === "cpu" && is_shown(lane) && add_lane(id, true));
    return layout;
  }
  for (const group of processes(lanes)) {
    const shown = group.lanes.filter((id) => is_shown(lanes[id]));
    if (shown.length === 0) continue;
    if (group.lanes.length === 1) {
      add_lane(shown[0], true);
      continue;
    }
    const open = !how.closed.has(group.pid);
    const name = (lanes[group.lanes[0]] as ThreadLane).process;
    if (layout.rows.length > 0) layout.height += PROCESS_GAP;
    layout.rows.push({
      kind: "process",
      pid: group.pid,
      name,
      lanes: group.lanes,
      open,
      y: layout.height,
      height: HEADING_HEIGHT,
    });
    layout.height += HEADING_HEIGHT;
    if (!open) continue;
    for (const id of shown) add_lane(id, false);
    layout.height += PROCESS_GAP;
  }
  return layout;
}

/** Index of the first row that ends below `y`; the number of rows if there is none. */
export function row_at({ rows }: Layout, y: number): number {
  return first_past(rows.length, (i) => rows[i].y + rows[i].height > y);
}

/** Rows that are at least partly within [y, y + height). */
export function rows_within(layout: Layout, y: number, height: number): Row[] {
  const found: Row[] = [];
  for (let i = row_at(layout, y); i < layout.rows.length && layout.rows[i].y < y + height; i++)
    found.push(layout.rows[i]);
  return found;
}

/**
 * Lanes between two heights, in either order; the lanes of closed processes that lie between too.
 */
export function lanes_between(layout: Layout, one: number, other: number): number[] {
  const top = Math.min(one, other);
  const rows = rows_within(layout, top, Math.max(one, other) - top + 1);
  const lanes = rows.flatMap((row) =>
    row.kind === "lane" ? [row.lane] : row.open ? [] : row.lanes,
  );
  return [...new Set(lanes)];
}

/** A lane's name for people, with what tells it from its like. */
export function name_of(lane: Lane): string {
  return lane.kind === "cpu" ? `CPU ${lane.cpu}` : `${lane.name || "(no name)"} ${lane.tid}`;
}
