// What threads waited for: each reason opens to the stacks that blocked, or to the stacks of those
// who ended the waits, and each stack to its frames.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { duration, count as number } from "./format";
import { Grid, ShareCell, type Column, type GridRow } from "./grid";
import { Bar, FrameName, no_wakers, Toggle, toggle_highlight, type Shown } from "./panel_parts";
import { frame_name, module_name, place_of, share, text_table } from "./panel_words";
import { short_name } from "./short_name";
import type { StackKind, Stacks } from "./source";
import { toggled } from "./state";
import { reasons_of, stacks_of, type Reason, type WaitStack } from "./waits";

export type WaitsKind = Exclude<StackKind, "running">;

interface WaitsTableProps extends Shown {
  stacks: Stacks;
  kind: WaitsKind;
  on_kind(kind: WaitsKind): void;
}

type Line =
  | { level: 1; key: string; reason: Reason }
  | { level: 2; key: string; stack: WaitStack }
  | { level: 3; key: string; stack: WaitStack; frame: number }
  | { level: 2; key: string; left_out: number };

const WORDS = 4;
const COLUMNS: Column[] = [
  { title: "Share", width: "74px", right: true },
  { title: "Time", width: "78px", right: true },
  { title: "Waits", width: "78px", right: true },
  { title: "Average", width: "78px", right: true },
  { title: "Reason and stack", width: "minmax(200px, 1fr)" },
  { title: "Module", width: "150px", quiet: true },
];
// Stacks of a reason; the rest is little, and a table of thousands is not read.
const MOST_STACKS = 100;
const MOST_CALLERS = 3;

export function WaitsTable(props: WaitsTableProps): JSX.Element {
  const { stacks, kind, names, summary } = props;
  const reasons = useMemo(() => reasons_of(stacks.rows), [stacks]);
  const [open, set_open] = useState<ReadonlySet<string>>(new Set());
  const stacks_by_reason = useMemo(() => new Map<Reason, WaitStack[]>(), [reasons]);
  const lines = useMemo(() => {
    const stacks_in = (reason: Reason) => {
      let found = stacks_by_reason.get(reason);
      if (!found) stacks_by_reason.set(reason, (found = stacks_of(reason, names)));
      return found;
    };
    return lines_of(reasons, open, stacks_in);
  }, [reasons, open]);

  const on_pick = (index: number) => {
    const line = lines[index];
    if (!("stack" in line)) return;
    toggle_highlight(props, frame_of(line).fn);
  };
  const text = () =>
    text_table(
      ["share", "time", "waits"],
      ["reason and stack"],
      lines.map((line) => [
        ...numbers(line, stacks.total),
        "  ".repeat(line.level - 1) + words_of(line, props),
      ]),
    );

  return (
    <>
      <Bar text={text}>
        <Toggle
          label="Stacks"
          chosen={kind}
          on_choose={props.on_kind}
          choices={[
            { value: "waiting", words: "Where they blocked" },
            { value: "wakers", words: "Who woke them", disabled: no_wakers(summary) },
          ]}
        />
        <span class="faint">
          {duration(stacks.total)} of waiting, of all selected threads together
          {!summary.has.waits &&
            "; without stacks: recorded with --no-switch-stacks or --stacks none"}
        </span>
      </Bar>
      <Grid
        label="Waits by reason"
        columns={COLUMNS}
        tree={WORDS}
        count={lines.length}
        row={(index) => row_of(lines[index], open, props)}
        on_turn={(index) => set_open(toggled(open, lines[index].key))}
        on_pick={on_pick}
      />
    </>
  );
}

function lines_of(
  reasons: Reason[],
  open: ReadonlySet<string>,
  stacks_in: (reason: Reason) => WaitStack[],
): Line[] {
  const lines: Line[] = [];
  for (const reason of reasons) {
    const key = String(reason.index);
    lines.push({ level: 1, key, reason });
    if (!open.has(key)) continue;
    const stacks = stacks_in(reason);
    for (const stack of stacks.slice(0, MOST_STACKS)) {
      const of_stack = `${key}/${stack.frames.map(({ fn }) => fn).join(",")}`;
      lines.push({ level: 2, key: of_stack, stack });
      if (open.has(of_stack))
        stack.frames.forEach((_, frame) =>
          lines.push({ level: 3, key: `${of_stack}/${frame}`, stack, frame }),
        );
    }
    if (stacks.length > MOST_STACKS)
      lines.push({ level: 2, key: `${key}/more`, left_out: stacks.length - MOST_STACKS });
  }
  return lines;
}

/** Share, time and count; frames of a stack have none of their own. */
function numbers(line: Line, total: number): string[] {
  if ("reason" in line)
    return [share(line.reason.time, total), duration(line.reason.time), number(line.reason.count)];
  if (line.level === 2 && "stack" in line)
    return [share(line.stack.time, total), duration(line.stack.time), number(line.stack.count)];
  return ["", "", ""];
}

function words_of(line: Line, { names, summary }: Shown): string {
  if ("reason" in line) return summary.classes[line.reason.index]?.name ?? "?";
  if ("left_out" in line) return `… and ${number(line.left_out)} more stacks`;
  const { frames, telling } = line.stack;
  if (line.level === 3) return frame_name(names, summary, frames[line.frame].fn);
  return frames
    .slice(telling, telling + 1 + MOST_CALLERS)
    .map(({ fn }) => short_name(frame_name(names, summary, fn)))
    .join(" ← ");
}

function row_of(line: Line, open: ReadonlySet<string>, props: WaitsTableProps): GridRow {
  const { names, highlight, stacks } = props;
  const [, time, waits] = numbers(line, stacks.total);
  const weight =
    "reason" in line ? line.reason : "stack" in line && line.level === 2 ? line.stack : null;
  const at = "stack" in line ? frame_of(line) : null;
  const words = words_of(line, props);
  const name =
    "reason" in line ? (
      <b>
        <i class="swatch" style={{ background: props.theme.classes[line.reason.index] }} />
        {words}
      </b>
    ) : (
      <FrameName name={words} kernel={at !== null && names.kernel[at.fn] === 1} />
    );
  return {
    key: line.key,
    level: line.level,
    open: line.level === 3 || "left_out" in line ? undefined : open.has(line.key),
    marked: "stack" in line && highlight !== null && is_marked(line, highlight),
    hint: at ? [words, place_of(names, at.fn, at.line)].filter(Boolean).join("\n") : words,
    cells: [
      weight && <ShareCell part={weight.time} whole={stacks.total} />,
      time,
      waits,
      weight ? duration(weight.time / weight.count) : "",
      name,
      at ? module_name(names, at.fn) : "",
    ],
  };
}

/** The frame that a line is of; of a whole stack, the one that tells most. */
function frame_of(line: Line & { stack: WaitStack }): WaitStack["frames"][number] {
  return line.stack.frames[line.level === 3 ? line.frame : line.stack.telling];
}

function is_marked(line: Line & { stack: WaitStack }, highlight: number): boolean {
  if (line.level === 3) return line.stack.frames[line.frame].fn === highlight;
  return line.stack.frames.some(({ fn }) => fn === highlight);
}
