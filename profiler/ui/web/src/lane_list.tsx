// Names beside the lanes, as elements: screen readers read them, the keyboard walks through them.
// Only those on the screen are there; the whole is announced by its size and each by its place.

import { useEffect, useState } from "preact/hooks";
import type { Actions } from "./actions";
import { duration, percent } from "./format";
import { ChevronDown, ChevronRight } from "./icons";
import { type HeadingRow, LANE_HEIGHT, type LaneRow, name_of } from "./rows";
import type { Lane, Summary } from "./source";
import { use_state } from "./state";
import type { TimelineView } from "./timeline_view";

interface Props {
  timeline: TimelineView;
  actions: Actions;
}

/** Part of the capture in which a lane ran. */
function share_of(lane: Lane, summary: Summary): string {
  return percent(lane.running + lane.stalled, summary.duration);
}

function label_of(lane: Lane, summary: Summary): string {
  const ran = `ran ${duration(lane.running + lane.stalled)}, ${share_of(lane, summary)} of the capture`;
  if (lane.kind === "cpu") return `CPU ${lane.cpu}, ${ran}`;
  return `Thread ${lane.name} ${lane.tid} of ${lane.process} ${lane.pid}, ${ran}, waited ${duration(lane.waiting)}`;
}

export function LaneList({ timeline, actions }: Props) {
  const [, redraw] = useState(0);
  const { store, summary } = timeline;
  const { lanes, expanded, focus } = use_state(store, "lanes", "expanded", "focus");
  useEffect(() => {
    timeline.on_rows = () => redraw((n) => n + 1);
    timeline.invalidate();
    return () => {
      timeline.on_rows = () => undefined;
    };
  }, [timeline]);

  const on_key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && focus !== null) actions.toggle_expanded(focus);
    else if (event.key === " " && focus !== null)
      actions.toggle_lane(focus, event.ctrlKey || event.shiftKey);
    else return;
    event.preventDefault();
  };
  const rows = timeline.rows();
  return (
    <div
      class="names"
      role="tree"
      aria-label="Lanes"
      aria-multiselectable="true"
      aria-activedescendant={focus === null ? undefined : `lane-${focus}`}
      tabIndex={0}
      onKeyDown={on_key}
    >
      {rows.map((row) => {
        const top = row.y - timeline.scroll;
        return row.kind === "process" ? (
          <Heading key={`p${row.pid}`} row={row} top={top} actions={actions} />
        ) : (
          <LaneName
            key={row.lane}
            row={row}
            top={top}
            lane={summary.lanes[row.lane]}
            summary={summary}
            actions={actions}
            chosen={lanes.includes(row.lane)}
            expanded={expanded.has(row.lane)}
            focus={focus === row.lane}
            all={timeline.layout.of_lane.size}
          />
        );
      })}
    </div>
  );
}

function Heading({ row, top, actions }: { row: HeadingRow; top: number; actions: Actions }) {
  return (
    <button
      class="name heading"
      role="treeitem"
      tabIndex={-1}
      style={{ transform: `translateY(${top}px)`, height: row.height }}
      aria-expanded={row.open}
      onClick={() => actions.toggle_process(row.pid)}
      title={`${row.name}, process ${row.pid}, ${row.lanes.length} threads`}
    >
      {row.open ? <ChevronDown /> : <ChevronRight />}
      <b>{row.name || "(no name)"}</b>
      <span class="faint">{row.pid}</span>
      <span class="faint right">{row.lanes.length} threads</span>
    </button>
  );
}

interface NameProps {
  row: LaneRow;
  top: number;
  lane: Lane;
  summary: Summary;
  actions: Actions;
  chosen: boolean;
  expanded: boolean;
  focus: boolean;
  /** How many lanes there are. */
  all: number;
}

function LaneName({ row, top, lane, summary, actions, chosen, expanded, focus, all }: NameProps) {
  const on_click = (event: MouseEvent) => {
    if (event.shiftKey) actions.select_to(row.lane);
    else actions.toggle_lane(row.lane, event.ctrlKey || event.metaKey);
  };
  const words = label_of(lane, summary);
  return (
    <div
      id={`lane-${row.lane}`}
      class={`name lane${row.alone ? " alone" : ""}${chosen ? " chosen" : ""}${focus ? " focus" : ""}`}
      role="treeitem"
      aria-selected={chosen}
      aria-label={words}
      aria-setsize={all}
      aria-posinset={row.place}
      title={words}
      style={{ transform: `translateY(${top}px)`, height: row.height }}
      onClick={on_click}
    >
      <span class="name-line" style={{ height: LANE_HEIGHT }}>
        {lane.kind === "thread" && (
          <button
            class="expand"
            tabIndex={-1}
            aria-label={expanded ? "Hide stacks" : "Show stacks"}
            onClick={(event) => {
              event.stopPropagation();
              actions.toggle_expanded(row.lane);
            }}
          >
            {expanded ? <ChevronDown /> : <ChevronRight />}
          </button>
        )}
        <span class="name-text">
          {lane.kind === "cpu" ? name_of(lane) : lane.name || "(no name)"}
        </span>
        {lane.kind === "thread" && <span class="faint">{lane.tid}</span>}
        <span class="faint right">{share_of(lane, summary)}</span>
      </span>
    </div>
  );
}
