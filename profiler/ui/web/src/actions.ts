// What the reader can do, whatever it is done with: pointer, keyboard or buttons.

import { longest_freeze, next_freeze, range_of } from "./freezes";
import type { Point } from "./overlay_canvas";
import type { Mode } from "./rows";
import type { Range } from "./source";
import { toggled } from "./state";
import type { TimelineView } from "./timeline_view";
import { fit, pan, with_margin, zoom } from "./view";

export class Actions {
  constructor(readonly timeline: TimelineView) {}

  private get store() {
    return this.timeline.store;
  }

  private get duration() {
    return this.timeline.summary.duration;
  }

  zoom(factor: number): void {
    const { hover, width } = this.timeline;
    const at = hover ? hover.x / Math.max(1, width) : 0.5;
    this.store.set({ view: zoom(this.store.state.view, factor, at, this.duration) });
  }

  pan(fraction: number): void {
    this.store.set({ view: pan(this.store.state.view, fraction, this.duration) });
  }

  show_all(): void {
    this.store.set({ view: fit({ from: 0, to: this.duration }, this.duration) });
  }

  show_selection(): void {
    const { range, inspected } = this.store.state;
    const slice = inspected?.at?.slice;
    const shown = range ?? (slice ? { from: slice.start, to: slice.end } : null);
    if (shown) this.store.set({ view: with_margin(shown, 0.05, this.duration) });
  }

  /** Lanes of the other kind are no longer chosen: nobody sees them. */
  set_mode(mode: Mode): void {
    if (mode !== this.store.state.mode) this.store.set({ mode, lanes: [], focus: null });
  }

  /** `adds`: the lanes come to those already chosen. */
  select(lanes: number[], range: Range | null, adds: boolean): void {
    const all = adds ? [...new Set([...this.store.state.lanes, ...lanes])] : lanes;
    this.store.set({ lanes: all, range: range ?? this.store.state.range, inspected: null });
  }

  /** Chooses a lane by its name, or takes it out again. */
  toggle_lane(lane: number, adds: boolean): void {
    const { lanes } = this.store.state;
    if (adds) this.store.set({ lanes: [...toggled(new Set(lanes), lane)], focus: lane });
    else
      this.store.set({ lanes: lanes.length === 1 && lanes[0] === lane ? [] : [lane], focus: lane });
  }

  /** All lanes that are shown between the one with the focus and this one. */
  select_to(lane: number): void {
    const { rows, of_lane } = this.timeline.layout;
    const from = of_lane.get(this.store.state.focus ?? lane);
    const to = of_lane.get(lane);
    if (!from || !to) return;
    const [top, bottom] = from.y < to.y ? [from.y, to.y] : [to.y, from.y];
    const between = rows.flatMap((row) =>
      row.kind === "lane" && row.y >= top && row.y <= bottom ? [row.lane] : [],
    );
    this.store.set({ lanes: between, focus: lane });
  }

  /** Threads alone have stacks of their own. */
  toggle_expanded(lane: number): void {
    if (this.timeline.summary.lanes[lane].kind !== "thread") return;
    this.store.set({ expanded: toggled(this.store.state.expanded, lane), focus: lane });
  }

  /** The lane after (1) or before (−1) the one with the focus has it; the first if none had. */
  move_focus(by: 1 | -1): void {
    const ids = [...this.timeline.layout.of_lane.keys()];
    const at = ids.indexOf(this.store.state.focus ?? -1);
    const next = ids[Math.min(Math.max(at + by, 0), ids.length - 1)];
    if (next === undefined) return;
    this.store.set({ focus: next });
    this.timeline.reveal(next);
  }

  /** By screens. */
  scroll(screens: number): void {
    this.timeline.scroll_by(this.timeline.height * screens);
  }

  toggle_process(pid: number): void {
    this.store.set({ closed: toggled(this.store.state.closed, pid) });
  }

  click(point: Point): void {
    const waker = this.timeline.overlay.arrow_at(point);
    if (waker) return this.go_to(waker.lane, waker.time);
    const lane = this.timeline.lane_at(point.y);
    if (lane === null) return this.store.set({ inspected: null });
    const bar = this.timeline.bar_at(point);
    if (bar) this.store.set({ highlight: this.store.state.highlight === bar.fn ? null : bar.fn });
    void this.inspect(lane, this.timeline.time_at(point.x));
  }

  /** Selects what the lane did at that point, from beginning to end. */
  async double_click(point: Point): Promise<void> {
    const lane = this.timeline.lane_at(point.y);
    if (lane === null) return;
    await this.inspect(lane, this.timeline.time_at(point.x));
    const slice = this.store.state.inspected?.at?.slice;
    if (slice) this.store.set({ lanes: [lane], range: { from: slice.start, to: slice.end } });
  }

  async inspect(lane: number, time: number): Promise<void> {
    this.store.set({ inspected: { lane, time, at: null }, focus: lane, freeze_open: false });
    try {
      const at = await this.timeline.source.at(lane, time);
      const { inspected } = this.store.state;
      if (inspected?.lane === lane && inspected.time === time)
        this.store.set({ inspected: { lane, time, at }, trouble: null });
    } catch (error) {
      this.store.set({ trouble: (error as Error).message });
    }
  }

  /** Brings a lane and a moment onto the screen and tells what happened there. */
  go_to(lane: number, time: number): void {
    this.show_lane(lane);
    const { view } = this.store.state;
    if (time < view.from || time > view.to) {
      const half = (view.to - view.from) / 2;
      this.store.set({ view: fit({ from: time - half, to: time + half }, this.duration) });
    }
    void this.inspect(lane, time);
  }

  /** Unfolds and unfilters what hides a lane, and scrolls to it. */
  show_lane(lane: number): void {
    const it = this.timeline.summary.lanes[lane];
    this.set_mode(it.kind === "cpu" ? "cpus" : "threads");
    if (it.kind === "thread" && this.store.state.closed.has(it.pid)) this.toggle_process(it.pid);
    if (!this.timeline.layout.of_lane.has(lane)) this.store.set({ filter: "" });
    this.timeline.reveal(lane);
  }

  show(lanes: number[], range: Range): void {
    if (lanes.length > 0) this.show_lane(lanes[0]);
    this.store.set({ lanes, range, view: with_margin(range, 0.25, this.duration) });
  }

  freeze(by: 1 | -1): void {
    const { freeze, view } = this.store.state;
    const next = next_freeze(this.timeline.summary.freezes, freeze, view, by);
    if (next !== null) this.show_freeze(next);
  }

  show_freeze(index: number): void {
    const range = range_of(this.timeline.summary.freezes[index]);
    this.store.set({ freeze: index, view: with_margin(range, 0.6, this.duration) });
  }

  /** Tells what is known of a freeze; the one gone to last, or the longest. */
  open_freeze(index: number | null): void {
    const { freezes } = this.timeline.summary;
    const shown = index ?? this.store.state.freeze ?? longest_freeze(freezes);
    if (shown === null) return;
    if (this.store.state.freeze !== shown && index === null) this.show_freeze(shown);
    this.store.set({ freeze: shown, freeze_open: true, inspected: null });
  }

  /** Gives up, one thing after another: what was clicked, then the selection. */
  escape(): void {
    const { help, inspected, freeze_open, range } = this.store.state;
    if (help) this.store.set({ help: false });
    else if (freeze_open) this.store.set({ freeze_open: false });
    else if (inspected) this.store.set({ inspected: null });
    else if (range) this.store.set({ range: null });
    else this.store.set({ lanes: [], highlight: null });
  }
}
