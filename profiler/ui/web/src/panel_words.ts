// What panels say about frames and weights, and tables as text, like `thaw report` prints them. Pure.

import { class_of, NO_STACK } from "./call_tree";
import { base_name, count, duration } from "./format";
import type { Lane, Names, Range, Stacks, Summary } from "./source";

export type Unit = Stacks["unit"];

export function weight_words(value: number, unit: Unit): string {
  return unit === "ns" ? duration(value) : count(Math.round(value));
}

/** One digit always, so that a column of them is aligned. */
export function share(part: number, whole: number): string {
  return `${(whole > 0 ? (100 * part) / whole : 0).toFixed(1)} %`;
}

export function frame_name(names: Names, summary: Summary, fn: number): string {
  if (fn >= 0 && names.names[fn] !== "?") return names.names[fn] ?? "?";
  // Code nobody has a name for is at least some module's.
  if (fn >= 0) return `? in ${module_name(names, fn) || "no module"}`;
  if (fn === NO_STACK) return "[no stack]";
  return summary.classes[class_of(fn)]?.name ?? "?";
}

/** The last part of a module's path. */
export function module_name(names: Names, fn: number): string {
  return fn < 0 ? "" : base_name(names.modules[fn] ?? "");
}

/** file:line as far as known, "" if nothing is. */
export function place_of(names: Names, fn: number, line: number): string {
  const file = fn < 0 ? "" : (names.files[fn] ?? "");
  if (file === "") return "";
  return line > 0 ? `${file}:${line}` : file;
}

function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function lanes_words(lanes: Lane[], selected: number[]): string {
  if (selected.length === 1) {
    const lane = lanes[selected[0]];
    if (!lane) return "1 lane";
    return lane.kind === "cpu" ? `CPU ${lane.cpu}` : `${lane.name || "thread"} ${lane.tid}`;
  }
  const cpus = selected.filter((id) => lanes[id]?.kind === "cpu").length;
  if (cpus === selected.length) return counted(cpus, "CPU");
  const threads = counted(selected.length - cpus, "thread");
  return cpus === 0 ? threads : `${threads} and ${counted(cpus, "CPU")}`;
}

export function range_words(range: Range): string {
  const step = Math.max(1, (range.to - range.from) / 1000);
  const digits = Math.max(0, Math.min(9, Math.ceil(9 - Math.log10(step))));
  const seconds = (ns: number) => (ns / 1e9).toFixed(digits);
  return `${seconds(range.from)}–${seconds(range.to)} s (${duration(range.to - range.from)})`;
}

/**
 * Aligned columns, two spaces between them: first numbers, then words, by their titles. The last is
 * as wide as its text.
 */
export function text_table(numbers: string[], words: string[], rows: string[][]): string {
  const titles = [...numbers, ...words];
  const lines = [titles, ...rows];
  // Not Math.max(...lines): a source file may have more lines than a call can have arguments.
  const widths = titles.map((_, i) =>
    lines.reduce((most, line) => Math.max(most, [...(line[i] ?? "")].length), 0),
  );
  const cell = (text: string, i: number) => {
    const room = " ".repeat(Math.max(0, widths[i] - [...text].length));
    return i < numbers.length ? room + text : text + room;
  };
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n") + "\n";
}
