// What the reader looks at: one object, changed in one way, watched by the drawing and the panels.

import { useEffect, useState } from "preact/hooks";
import type { Mode } from "./rows";
import type { At, Range, Selection } from "./source";
import { fit } from "./view";

export interface Inspected {
  lane: number;
  time: number;
  /** null until the answer is there. */
  at: At | null;
}

export interface State {
  /** What of the time is on the screen. */
  view: Range;
  /** CSS pixels of lanes above the screen. */
  scroll: number;
  mode: Mode;
  /** Processes whose threads are hidden. */
  closed: ReadonlySet<number>;
  /** Lanes with their stacks drawn below. */
  expanded: ReadonlySet<number>;
  /** Chosen lanes; none: all. */
  lanes: readonly number[];
  /** Chosen time; null: the whole capture. */
  range: Range | null;
  baseline: Selection | null;
  /** Index of the freeze that was gone to last. */
  freeze: number | null;
  /** What is known of that freeze is shown. */
  freeze_open: boolean;
  inspected: Inspected | null;
  filter: string;
  search: string;
  tab: string;
  highlight: number | null;
  /** null: as the reader's system has it. */
  dark: boolean | null;
  /** Lane that the keyboard is on. */
  focus: number | null;
  /** Height of the panels in CSS pixels; null: a share of the window. */
  panels_height: number | null;
  panels_open: boolean;
  help: boolean;
  /** What is wrong with the source now, as one sentence. */
  trouble: string | null;
}

export function initial_state(duration: number): State {
  return {
    view: fit({ from: 0, to: duration }, duration),
    scroll: 0,
    mode: "threads",
    closed: new Set(),
    expanded: new Set(),
    lanes: [],
    range: null,
    baseline: null,
    freeze: null,
    freeze_open: false,
    inspected: null,
    filter: "",
    search: "",
    tab: "",
    highlight: null,
    dark: null,
    focus: null,
    panels_height: null,
    panels_open: true,
    help: false,
    trouble: null,
  };
}

export class Store {
  private watchers = new Set<(state: State, before: State) => void>();

  constructor(public state: State) {}

  set(change: Partial<State>): void {
    const before = this.state;
    const is_new = (Object.keys(change) as (keyof State)[]).some(
      (key) => change[key] !== before[key],
    );
    if (!is_new) return;
    this.state = { ...before, ...change };
    for (const watcher of [...this.watchers]) watcher(this.state, before);
  }

  watch(watcher: (state: State, before: State) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

/** The named parts of the state; the component is drawn again when one of them changes. */
export function use_state<K extends keyof State>(store: Store, ...keys: K[]): Pick<State, K> {
  const [, redraw] = useState(0);
  useEffect(
    () =>
      store.watch((now, before) => {
        if (keys.some((key) => now[key] !== before[key])) redraw((n) => n + 1);
      }),
    [store],
  );
  return store.state;
}

/** A set with one more, or one less if it was in. */
export function toggled<T>(set: ReadonlySet<T>, one: T): Set<T> {
  const next = new Set(set);
  if (!next.delete(one)) next.add(one);
  return next;
}
