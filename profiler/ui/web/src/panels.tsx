// The panels below the timeline: what the selected lanes did in the selected range. The tabs share
// their questions: the stacks of one selection are asked for once, whatever shows them.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { build_tree } from "./call_tree";
import { CallTreeTable } from "./call_tree_table";
import { DifferencePanel } from "./difference_panel";
import { FlameGraph } from "./flame_graph";
import { flames_text } from "./flame_text";
import { base_name } from "./format";
import { FunctionTable } from "./function_table";
import { Answered, CopyHeading, no_samples, no_waits, type Shown } from "./panel_parts";
import { Tabs, type Tab } from "./panel_tabs";
import { lanes_words, range_words, weight_words } from "./panel_words";
import { SearchResults } from "./search_results";
import { SourceView } from "./source_view";
import type { Range, Selection, Source, StackKind, Stacks, Summary } from "./source";
import type { Theme } from "./theme";
import { use_answer, type Answer } from "./use_answer";
import { WaitsTable, type WaitsKind } from "./waits_table";
import "./panels.css";

export interface PanelProps {
  source: Source;
  summary: Summary;
  selection: Selection;
  /** Pinned to compare with, of the same capture. */
  baseline: Selection | null;
  /** A second capture to compare with. */
  other: Source | null;
  /** Function to highlight. */
  highlight: number | null;
  theme: Theme;
  on_highlight(fn: number | null): void;
  /** Moves the timeline there and selects it. */
  on_show(lanes: number[], range: Range): void;
  /** Which panel is open (the page keeps it in its address); "" is the first. */
  tab: string;
  on_tab(tab: string): void;
  /** Text of the search field: functions of the whole capture whose name contains it. */
  search: string;
}

const TABS: Tab[] = [
  { id: "flame", words: "Flame graph" },
  { id: "tree", words: "Call tree" },
  { id: "functions", words: "Functions" },
  { id: "waits", words: "Waits" },
  { id: "offcpu", words: "Off-CPU flame graph" },
  { id: "difference", words: "Difference" },
  { id: "source", words: "Source" },
];
const SEARCH: Tab = { id: "search", words: "Search" };

/** Stacks with the selection they are of: the selection may be another one by now. */
interface SelectedStacks {
  stacks: Stacks;
  selection: Selection;
}

export function Panels(props: PanelProps): JSX.Element {
  const { source, summary, selection, theme, highlight, on_highlight } = props;
  const [left_search, set_left_search] = useState("");
  const [waits_kind, set_waits_kind] = useState<WaitsKind>("waiting");
  const search = props.search.trim();
  const chosen = TABS.find(({ id }) => id === props.tab) ?? TABS[0];
  // Typing opens the results; leaving them for another tab lasts until more is typed.
  const active = search !== "" && search !== left_search ? SEARCH : chosen;
  const choose = (id: string) => {
    if (id === SEARCH.id) return set_left_search("");
    set_left_search(search);
    props.on_tab(id);
  };

  const kind = kind_of(active.id, waits_kind);
  const running = use_stacks(source, selection, "running", kind === "running");
  const waiting = use_stacks(source, selection, "waiting", kind === "waiting");
  const wakers = use_stacks(source, selection, "wakers", kind === "wakers");
  const tree = useMemo(
    () => running.value && build_tree(running.value.stacks.rows, source.names),
    [running.value],
  );
  const off_tree = useMemo(
    () =>
      active.id === "offcpu" &&
      waiting.value &&
      build_tree(waiting.value.stacks.rows, source.names, true),
    [waiting.value, active.id === "offcpu"],
  );

  const shown: Shown = { names: source.names, summary, theme, highlight, on_highlight };
  const on_source = (fn: number) => {
    on_highlight(fn);
    choose("source");
  };
  const of_samples = ({ stacks, selection: of }: SelectedStacks) =>
    stacks.total > 0 ? null : no_samples(summary, of.lanes.length);
  const of_waits = ({ stacks, selection: of }: SelectedStacks) =>
    stacks.total > 0 ? null : no_waits(summary, of.lanes.length);

  // Without stacks there are reasons to show, but nothing to draw as flames.
  const of_flames = (value: SelectedStacks) =>
    summary.has.waits ? of_waits(value) : no_waits(summary, value.selection.lanes.length);

  const panel = (): JSX.Element => {
    switch (active.id) {
      case "tree":
        return (
          <Answered answer={running} empty={of_samples}>
            {() => <CallTreeTable {...shown} tree={tree!} />}
          </Answered>
        );
      case "functions":
        return (
          <Answered answer={running} empty={of_samples}>
            {() => <FunctionTable {...shown} tree={tree!} />}
          </Answered>
        );
      case "waits":
        return (
          <Answered
            key={waits_kind}
            answer={waits_kind === "waiting" ? waiting : wakers}
            empty={of_waits}
          >
            {({ stacks }) => (
              <WaitsTable {...shown} stacks={stacks} kind={waits_kind} on_kind={set_waits_kind} />
            )}
          </Answered>
        );
      case "offcpu":
        return (
          <Answered key="offcpu" answer={waiting} empty={of_flames}>
            {() =>
              off_tree && (
                <FlameGraph
                  {...shown}
                  label="Off-CPU flame graph"
                  tree={off_tree}
                  unit="ns"
                  on_source={on_source}
                  text={() => flames_text(off_tree, shown, "ns")}
                />
              )
            }
          </Answered>
        );
      case "difference":
        return (
          <Answered answer={running} empty={of_samples}>
            {({ selection: of }) => (
              <DifferencePanel {...shown} tree={tree!} selection={of} page={props} />
            )}
          </Answered>
        );
      case "source":
        return (
          <Answered answer={running} empty={of_samples}>
            {({ stacks }) => <SourceView {...shown} source={source} stacks={stacks} tree={tree!} />}
          </Answered>
        );
      case "search":
        return <SearchResults {...shown} source={source} text={search} on_show={props.on_show} />;
      default:
        return (
          <Answered key="flame" answer={running} empty={of_samples}>
            {() => (
              <FlameGraph
                {...shown}
                label="Flame graph"
                tree={tree!}
                unit="samples"
                on_source={on_source}
                text={() => flames_text(tree!, shown, "samples")}
              />
            )}
          </Answered>
        );
    }
  };

  const answer = kind === "running" ? running : kind === "waiting" ? waiting : wakers;
  const words = active === SEARCH ? "whole capture" : selection_words(summary, answer, selection);
  return (
    <section class="panels" aria-label="Selection">
      <Tabs
        tabs={search === "" ? TABS : [...TABS, SEARCH]}
        active={active.id}
        on_choose={choose}
        words={words}
      />
      <div class="panel" id="panel" role="tabpanel" aria-labelledby={`tab-${active.id}`}>
        <CopyHeading.Provider value={`${base_name(summary.file)}: ${words}`}>
          {panel()}
        </CopyHeading.Provider>
      </div>
    </section>
  );
}

/** Which stacks a tab needs; null for none. */
function kind_of(tab: string, waits_kind: WaitsKind): StackKind | null {
  if (tab === "search") return null;
  if (tab === "waits") return waits_kind;
  return tab === "offcpu" ? "waiting" : "running";
}

function use_stacks(
  source: Source,
  selection: Selection,
  kind: StackKind,
  is_wanted: boolean,
): Answer<SelectedStacks> {
  const { lanes, range } = selection;
  const key = `${lanes.join(",")} ${range.from} ${range.to}`;
  return use_answer(is_wanted ? key : null, async () => ({
    stacks: await source.stacks(lanes, range, kind),
    selection,
  }));
}

function selection_words(summary: Summary, answer: Answer<SelectedStacks>, now: Selection): string {
  const { lanes, range } = answer.value?.selection ?? now;
  const words = `${lanes_words(summary.lanes, lanes)}, ${range_words(range)}`;
  if (!answer.value) return words;
  const { total, unit } = answer.value.stacks;
  return `${words}, ${weight_words(total, unit)} ${unit === "ns" ? "of waiting" : "samples"}`;
}
