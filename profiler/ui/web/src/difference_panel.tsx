// What changed: the selection against the baseline the user pinned, or against the second capture.
// A flame graph as wide as after and coloured by change, or a table of functions.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { build_tree, type CallTree } from "./call_tree";
import { changed_colour, ChangeLegend } from "./change_colours";
import {
  frame_changes,
  functions_alike,
  is_noise,
  type FrameChanges,
  type Measure,
  type Side,
} from "./difference";
import { measure_words } from "./change_words";
import { DifferenceTable } from "./difference_table";
import { FlameGraph } from "./flame_graph";
import { changes_text } from "./flame_text";
import { lanes_words, range_words } from "./panel_words";
import { Answered, Bar, Sentence, Toggle, type Shown } from "./panel_parts";
import type { PanelProps, Selection } from "./panels";
import type { Lane, Source, Summary } from "./source";
import { use_answer } from "./use_answer";

export interface DifferencePanelProps extends Shown {
  page: PanelProps;
  /** What the selection has. */
  tree: CallTree;
  selection: Selection;
}

type Against = "baseline" | "other";

interface Compared {
  side: Side;
  words: string;
}

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
  const here = useMemo(
    (): Compared => ({
      side: {
        tree: props.tree,
        names,
        seconds: seconds_of(selection),
        hz: summary.sample_hz,
      },
      words: words_of(summary.lanes, selection),
    }),
    [props.tree],
  );
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
  const { lanes, range } = baseline!;
  const stacks = await source.stacks(lanes, range, "running");
  const side = {
    tree: build_tree(stacks.rows, source.names),
    names: source.names,
    seconds: seconds_of(baseline!),
    hz: summary.sample_hz,
  };
  return { side, words: `baseline ${words_of(summary.lanes, baseline!)}` };
}

/** All of the second capture, of threads that are called like the selected ones. */
async function of_other(other: Source, summary: Summary, lanes: number[]): Promise<Compared> {
  const there = await other.summary();
  const called = new Set(lanes.map((lane) => name_of(summary.lanes[lane])));
  const alike = there.lanes.flatMap((lane, i) => (called.has(name_of(lane)) ? [i] : []));
  const selection = { lanes: alike, range: { from: 0, to: there.duration } };
  const name = there.file.slice(there.file.lastIndexOf("/") + 1);
  if (alike.length === 0) throw new Error(`no thread of ${name} is called like a selected one`);
  const stacks = await other.stacks(alike, selection.range, "running");
  const side = {
    tree: build_tree(stacks.rows, other.names),
    names: other.names,
    seconds: seconds_of(selection),
    hz: there.sample_hz,
  };
  return { side, words: `${name}, ${words_of(there.lanes, selection)}` };
}

function name_of(lane: Lane): string {
  return lane.kind === "cpu" ? `cpu ${lane.cpu}` : `${lane.process}\n${lane.name}`;
}

function seconds_of({ range }: Selection): number {
  return (range.to - range.from) / 1e9;
}

function words_of(lanes: Lane[], selection: Selection): string {
  return `${lanes_words(lanes, selection.lanes)} ${range_words(selection.range)}`;
}
