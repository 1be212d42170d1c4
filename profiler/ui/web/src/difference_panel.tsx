// What changed: the selection against the baseline the user pinned, or against the second capture.
// A flame graph as wide as after and coloured by change, or a table of functions.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { build_tree, type CallTree } from "./call_tree";
import { changed_colour, ChangeLegend } from "./change_colours";
import { measure_words } from "./change_words";
import {
  frame_changes,
  functions_alike,
  is_noise,
  type FrameChanges,
  type Measure,
} from "./difference";
import { DifferenceTable, type Compared } from "./difference_table";
import { FlameGraph } from "./flame_graph";
import { changes_text } from "./flame_text";
import { base_name } from "./format";
import { Answered, Bar, Sentence, Toggle, type Shown } from "./panel_parts";
import { lanes_words, range_words } from "./panel_words";
import type { PanelProps } from "./panels";
import type { Lane, Names, Selection, Source, Summary } from "./source";
import { use_answer } from "./use_answer";

interface DifferencePanelProps extends Shown {
  page: PanelProps;
  /** What the selection has. */
  tree: CallTree;
  selection: Selection;
}

type Against = "baseline" | "other";

export function DifferencePanel(props: DifferencePanelProps): JSX.Element {
  const { baseline, other } = props.page;
  const [wanted, set_wanted] = useState<Against>("baseline");
  const against: Against | null =
    baseline && (wanted === "baseline" || !other) ? "baseline" : other ? "other" : null;
  if (against === null)
    return (
      <Sentence>
        There is nothing to compare with. Select a range and pin it as the baseline, then select
        another; or open two captures: thaw view A B.
      </Sentence>
    );
  const toggle = baseline && other && (
    <Toggle
      label="Compare with"
      chosen={against}
      on_choose={(next) => set_wanted(next)}
      choices={[
        { value: "baseline", words: "Baseline" },
        { value: "other", words: "Other capture" },
      ]}
    />
  );
  return <Comparison key={against} {...props} against={against} toggle={toggle} />;
}

interface ComparisonProps extends DifferencePanelProps {
  against: Against;
  toggle: JSX.Element | null;
}

function Comparison(props: ComparisonProps): JSX.Element {
  const { page, selection, names, summary, against } = props;
  const ask = () =>
    against === "baseline" ? of_baseline(page) : of_other(page.other!, summary, selection.lanes);
  const key = against === "baseline" ? JSON.stringify(page.baseline) : selection.lanes.join(",");
  const answer = use_answer(key, ask);
  const here = useMemo(() => compared(props.tree, names, summary, selection, ""), [props.tree]);
  return (
    <Answered
      answer={answer}
      empty={({ side, words }) =>
        side.tree.total[0] === 0 ? `There is no sample to compare with in ${words}.` : null
      }
    >
      {(there) => <Changes {...props} here={here} there={there} />}
    </Answered>
  );
}

function Changes(props: ComparisonProps & { here: Compared; there: Compared }): JSX.Element {
  const { here, there, against, theme, names } = props;
  const [as, set_as] = useState<"flames" | "functions">("functions");
  const [measure, set_measure] = useState<Measure>("share");
  const [is_turned, set_turned] = useState(false);
  // A baseline was before; so is the first of two captures, as for `thaw compare A B`.
  const is_here_after = (against === "baseline") !== is_turned;
  const [before, after] = is_here_after ? [there, here] : [here, there];
  const changes = useMemo(
    () => (as === "flames" ? frame_changes(before.side, after.side, measure) : null),
    [as, before, after, measure],
  );
  const of_page = useMemo(() => functions_alike(after.side.names, names), [after]);
  const to_page = useMemo(() => functions_alike(names, after.side.names), [after]);
  const note = (node: number, changes: FrameChanges) => {
    const amounts = `${measure_words(changes.before[node], measure)} → ${measure_words(changes.after[node], measure)}`;
    return is_noise(changes.z[node]) ? `${amounts}, which may be chance` : amounts;
  };
  const bar = (
    <>
      {props.toggle}
      <Toggle
        label="Show as"
        chosen={as}
        on_choose={(next) => set_as(next)}
        choices={[
          { value: "functions", words: "Functions" },
          { value: "flames", words: "Flame graph" },
        ]}
      />
      <Toggle
        label="Measure"
        chosen={measure}
        on_choose={(next) => set_measure(next)}
        choices={[
          { value: "share", words: "Share of samples" },
          { value: "rate", words: "CPU time per second" },
        ]}
      />
      <button type="button" onClick={() => set_turned(!is_turned)} title="Swap before and after">
        ⇄ Swap
      </button>
      <span class="faint ends" title={`before: ${before.words}\nafter: ${after.words}`}>
        {before.words} → {after.words}
      </span>
    </>
  );
  if (!changes)
    return <DifferenceTable {...props} bar={bar} before={before} after={after} measure={measure} />;
  return (
    <>
      <Bar>
        {bar}
        <span class="push" />
        <ChangeLegend theme={theme} />
      </Bar>
      <FlameGraph
        {...props}
        label="Flame graph of after, coloured by change"
        tree={after.side.tree}
        names={after.side.names}
        unit="samples"
        highlight={props.highlight === null ? null : (of_page(props.highlight) ?? null)}
        on_highlight={(fn) => props.on_highlight(fn === null ? null : (to_page(fn) ?? null))}
        colour={(node) =>
          changed_colour(changes.before[node], changes.after[node], changes.z[node], theme.dark)
        }
        note={(node) => note(node, changes)}
        text={() => changes_text(after.side, changes, props, measure)}
      />
    </>
  );
}

async function of_baseline({ source, summary, baseline }: PanelProps): Promise<Compared> {
  return ask_stacks(source, summary, baseline!, "baseline ");
}

/** All of the second capture, of threads that are called like the selected ones. */
async function of_other(other: Source, summary: Summary, lanes: number[]): Promise<Compared> {
  const there = await other.summary();
  const called = new Set(lanes.map((lane) => name_of(summary.lanes[lane])));
  const alike = there.lanes.flatMap((lane, i) => (called.has(name_of(lane)) ? [i] : []));
  const selection = { lanes: alike, range: { from: 0, to: there.duration } };
  const name = base_name(there.file);
  if (alike.length === 0) throw new Error(`no thread of ${name} is called like a selected one`);
  return ask_stacks(other, there, selection, `${name}, `);
}

/** `called`: in front of the words for the selection. */
async function ask_stacks(
  source: Source,
  summary: Summary,
  selection: Selection,
  called: string,
): Promise<Compared> {
  const { rows } = await source.stacks(selection.lanes, selection.range, "running");
  return compared(build_tree(rows, source.names), source.names, summary, selection, called);
}

function compared(
  tree: CallTree,
  names: Names,
  summary: Summary,
  { lanes, range }: Selection,
  called: string,
): Compared {
  const seconds = (range.to - range.from) / 1e9;
  const words = `${called}${lanes_words(summary.lanes, lanes)} ${range_words(range)}`;
  return { side: { tree, names, seconds, hz: summary.sample_hz }, words };
}

function name_of(lane: Lane): string {
  return lane.kind === "cpu" ? `cpu ${lane.cpu}` : `${lane.process}\n${lane.name}`;
}
