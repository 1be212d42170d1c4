// The panels below the timeline: what the selected lanes did in the selected range.

import type { JSX } from "preact";
import type { Range, Source, Summary } from "./source";
import type { Theme } from "./theme";

/** Lanes by id; the range is never empty. */
export interface Selection {
  lanes: number[];
  range: Range;
}

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
  onHighlight(fn: number | null): void;
  /** Moves the timeline there and selects it. */
  onShow(lanes: number[], range: Range): void;
  /** Which panel is open (the page keeps it in its address); "" is the first. */
  tab?: string;
  onTab?(tab: string): void;
  /** Text of the search field: functions of the whole capture whose name contains it. */
  search?: string;
}

export function Panels(_: PanelProps): JSX.Element {
  return <section class="panels" />;
}
