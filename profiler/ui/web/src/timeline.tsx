// The elements of the timeline: filter and names on the left, overview, axis and lanes on the
// right.

import { useEffect, useRef, useState } from "preact/hooks";
import { Actions } from "./actions";
import { Details } from "./details";
import { plural } from "./format";
import { FreezeCard } from "./freeze_card";
import { watch_lanes, watch_names, watch_overview } from "./gestures";
import { LaneList } from "./lane_list";
import { head_height } from "./overview_canvas";
import { make_filter, MODES } from "./rows";
import type { Source, Summary } from "./source";
import { type Store, use_state } from "./state";
import type { Theme } from "./theme";
import { TimelineView } from "./timeline_view";
import { Tooltip } from "./tooltip";

interface Props {
  store: Store;
  source: Source;
  summary: Summary;
  theme: Theme;
  on_ready(actions: Actions): void;
}

function part<T extends HTMLElement>(root: HTMLElement, name: string): T {
  return root.querySelector(`.${name}`) as T;
}

export function Timeline({ store, source, summary, theme, on_ready }: Props) {
  const root = useRef<HTMLElement>(null);
  const [actions, set_actions] = useState<Actions | null>(null);

  useEffect(() => {
    const element = root.current as HTMLElement;
    const overlay = part<HTMLCanvasElement>(element, "overlay");
    const overview = part<HTMLCanvasElement>(element, "overview");
    const timeline = new TimelineView(
      {
        overview,
        lanes: part(element, "lanes"),
        overlay,
        area: part(element, "area"),
        scrollbar: part(element, "scrollbar"),
      },
      store,
      source,
      summary,
      theme,
    );
    const made = new Actions(timeline);
    const tooltip = new Tooltip(part(element, "tooltip"), timeline);
    const stop = [
      watch_lanes(timeline, overlay, made, (event) =>
        event ? tooltip.move(event) : tooltip.hide(),
      ),
      watch_names(timeline, part(element, "names-column")),
      watch_overview(timeline, overview, made),
    ];
    set_actions(made);
    on_ready(made);
    return () => {
      stop.forEach((undo) => undo());
      timeline.close();
    };
  }, [store, source, summary]);

  useEffect(() => actions?.timeline.set_theme(theme), [actions, theme]);

  return (
    <main
      class="timeline"
      ref={root}
      aria-label="Timeline"
      style={{ gridTemplateRows: `${head_height(summary)}px minmax(60px, 1fr)` }}
    >
      <Corner store={store} summary={summary} />
      <canvas
        class="overview"
        role="img"
        aria-label="The whole capture: how busy its CPUs were, and its freezes"
      />
      <div class="names-column">
        {actions && <LaneList timeline={actions.timeline} actions={actions} />}
      </div>
      <div class="area">
        <canvas class="lanes" role="img" aria-label="What each lane did over time" />
        <canvas class="overlay" />
        <div class="tooltip" hidden />
        {actions && (
          <Details store={store} summary={summary} names={source.names} actions={actions} />
        )}
        <FreezeCard store={store} summary={summary} />
        <Empty store={store} summary={summary} />
      </div>
      <div class="scrollbar" tabIndex={-1}>
        <div />
      </div>
    </main>
  );
}

function Corner({ store, summary }: { store: Store; summary: Summary }) {
  const { mode, filter } = use_state(store, "mode", "filter");
  const { kind, word } = MODES[mode];
  const all = summary.lanes.filter((lane) => lane.kind === kind);
  const passes = make_filter(filter);
  const shown = filter ? all.filter(passes).length : all.length;
  return (
    <div class="corner">
      <input
        class="filter"
        type="search"
        placeholder={`Filter ${word}s`}
        aria-label="Filter lanes: name or id of thread or process"
        value={filter}
        onInput={(event) => store.set({ filter: event.currentTarget.value })}
      />
      <span class="faint counts" aria-live="polite">
        <span>{filter ? `${shown} of ${plural(all.length, word)}` : plural(all.length, word)}</span>
        <span>ran</span>
      </span>
    </div>
  );
}

function Empty({ store, summary }: { store: Store; summary: Summary }) {
  const { mode, filter } = use_state(store, "mode", "filter");
  const passes = make_filter(filter);
  const { kind, word } = MODES[mode];
  if (summary.lanes.some((lane) => lane.kind === kind && passes(lane))) return null;
  const words = filter
    ? `No ${word} has “${filter}” in its name or id.`
    : summary.events === 0
      ? "This capture is empty: no event was recorded. `thaw info` says why, `thaw doctor` what this machine can do."
      : `This capture has no ${word}s to show.`;
  return <p class="empty">{words}</p>;
}
