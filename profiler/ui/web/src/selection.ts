// What is selected, when something is and when nothing is, and its text form. Pure.

import { duration, moment, percent, plural } from "./format";
import type { StateTime } from "./lane_times";
import { MODES, name_of } from "./rows";
import { lanes_of, type Range, type Selection, type Summary } from "./source";
import type { State } from "./state";

/** Lanes chosen, or all of the kind that is shown; the time chosen, or the whole capture. */
export function effective(state: State, summary: Summary): Selection {
  const whole: Range = { from: 0, to: Math.max(1, summary.duration) };
  const lanes =
    state.lanes.length > 0 ? [...state.lanes] : lanes_of(summary.lanes, MODES[state.mode].kind);
  return { lanes, range: state.range ?? whole };
}

/** "3 threads, 120 ms from 1.234 s". */
export function describe(state: State, summary: Summary): string {
  const { word } = MODES[state.mode];
  const { lanes, range } = state;
  const who =
    lanes.length === 0
      ? `all ${word}s`
      : lanes.length === 1
        ? name_of(summary.lanes[lanes[0]])
        : plural(lanes.length, word);
  if (!range) return `${who}, whole capture`;
  const length = range.to - range.from;
  return `${who}, ${duration(length)} from ${moment(range.from, length / 100)}`;
}

/** What a share is of, ns: of CPUs all of their time, idle too; of threads the time they were there. */
export function whole_of(
  { lanes, range }: Selection,
  times: StateTime[],
  summary: Summary,
): number {
  const cpus = lanes.filter((lane) => summary.lanes[lane].kind === "cpu").length;
  if (cpus === lanes.length) return cpus * (range.to - range.from);
  return times.reduce((sum, { ns }) => sum + ns, 0);
}

export function as_text(selection: Selection, times: StateTime[], summary: Summary): string {
  const { lanes, range } = selection;
  const length = range.to - range.from;
  const lines = [
    `${summary.file}: ${duration(length)} from ${moment(range.from, length / 100)} to ${moment(range.to, length / 100)}`,
    "",
  ];
  const whole = whole_of(selection, times, summary);
  for (const { name, ns } of times)
    lines.push(`${name.padEnd(24)} ${duration(ns).padStart(10)} ${percent(ns, whole).padStart(7)}`);
  lines.push("", `${plural(lanes.length, "lane")}:`);
  for (const id of lanes.slice(0, 100)) {
    const lane = summary.lanes[id];
    const of = lane.kind === "thread" ? ` (${lane.process} ${lane.pid})` : "";
    lines.push(`  ${name_of(lane)}${of}`);
  }
  if (lanes.length > 100) lines.push(`  … and ${lanes.length - 100} more`);
  return `${lines.join("\n")}\n`;
}
