// The state in the page's address (behind #), so that a link opens the same view. Pure.
//
//   t=FROM-TO     time on the screen, ns            lanes=3,5-9    chosen lanes
//   sel=FROM-TO   chosen time                       open=3,5       lanes with stacks
//   closed=PID,…  processes folded                  mode=cpus
//   y=PIXELS      lanes scrolled away
//   tab=…  filter=…  find=…  theme=dark|light       base=LANES@FROM-TO
//   at=LANE@TIME  what was clicked
//   freeze=N|longest   opens at that freeze (counted from 1); only read, never written

import { longest_freeze, range_of } from "./freezes";
import { fit, with_margin } from "./view";
import { lane_list } from "./server_source";
import type { Range, Selection, Summary } from "./source";
import type { State } from "./state";

function write_list(ids: Iterable<number>): string {
  return lane_list([...ids].sort((a, b) => a - b));
}

function write_range(range: Range): string {
  return `${Math.floor(range.from)}-${Math.ceil(range.to)}`;
}

function read_range(text: string | null, duration: number): Range | null {
  const found = /^(\d+)-(\d+)$/.exec(text ?? "");
  if (!found) return null;
  const range = { from: Number(found[1]), to: Math.min(Number(found[2]), duration) };
  return range.from < range.to ? range : null;
}

// An address may come from anywhere: a list of more than this is not ours.
const MOST_LISTED = 100_000;

function read_list(text: string | null, most: number): number[] {
  const found: number[] = [];
  for (const part of (text ?? "").split(",")) {
    const bounds = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!bounds) continue;
    const last = Math.min(Number(bounds[2] ?? bounds[1]), most - 1);
    for (let one = Number(bounds[1]); one <= last && found.length < MOST_LISTED; one++)
      found.push(one);
  }
  return found;
}

function read_selection(text: string | null, summary: Summary): Selection | null {
  const [lanes, range] = (text ?? "").split("@");
  const read = read_range(range ?? null, summary.duration);
  return read && { lanes: read_list(lanes, summary.lanes.length), range: read };
}

export function write_address(state: State, duration: number): string {
  const words = new Map<string, string>();
  const put = (name: string, text: string) => text && words.set(name, text);
  const is_whole = state.view.from <= 0 && state.view.to >= duration;
  if (!is_whole) put("t", write_range(state.view));
  if (state.scroll > 0) put("y", String(state.scroll));
  put("lanes", write_list(state.lanes));
  if (state.range) put("sel", write_range(state.range));
  put("open", write_list(state.expanded));
  put("closed", write_list(state.closed));
  if (state.mode === "cpus") put("mode", "cpus");
  put("tab", state.tab);
  put("filter", state.filter);
  put("find", state.search);
  if (state.dark !== null) put("theme", state.dark ? "dark" : "light");
  if (state.baseline)
    put("base", `${write_list(state.baseline.lanes)}@${write_range(state.baseline.range)}`);
  if (state.inspected) put("at", `${state.inspected.lane}@${Math.floor(state.inspected.time)}`);
  return [...words]
    .map(
      ([name, text]) =>
        `${name}=${encodeURIComponent(text).replace(/%2C/g, ",").replace(/%40/g, "@")}`,
    )
    .join("&");
}

/** What an address says, on top of `state`; unknown or damaged words are left out. */
export function read_address(hash: string, state: State, summary: Summary): State {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const { duration } = summary;
  const view = read_range(words.get("t"), duration);
  const at = /^(\d+)@(\d+)$/.exec(words.get("at") ?? "");
  const theme = words.get("theme");
  const lanes = summary.lanes.length;
  const read: State = {
    ...state,
    view: fit(view ?? { from: 0, to: duration }, duration),
    scroll: Number(/^\d{1,9}$/.exec(words.get("y") ?? "")?.[0] ?? 0),
    lanes: read_list(words.get("lanes"), lanes),
    range: read_range(words.get("sel"), duration),
    expanded: new Set(read_list(words.get("open"), lanes)),
    closed: new Set(read_list(words.get("closed"), 2 ** 31)),
    mode: words.get("mode") === "cpus" ? "cpus" : "threads",
    tab: words.get("tab") ?? "",
    filter: words.get("filter") ?? "",
    search: words.get("find") ?? "",
    dark: theme === "dark" ? true : theme === "light" ? false : null,
    baseline: read_selection(words.get("base"), summary),
    inspected:
      at && Number(at[1]) < lanes ? { lane: Number(at[1]), time: Number(at[2]), at: null } : null,
  };
  const freeze = words.get("freeze");
  const index = freeze === "longest" ? longest_freeze(summary.freezes) : Number(freeze) - 1;
  const found = freeze ? summary.freezes[index ?? -1] : undefined;
  if (!found) return read;
  return { ...read, freeze: index, view: with_margin(range_of(found), 0.6, duration) };
}
