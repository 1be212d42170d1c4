// The timeline as a whole: owns the canvases, the tiles and the layout, and draws them all once per
// frame when something changed. The components around it (timeline.tsx) hold the elements; the
// pointer is read in gestures.ts.

import { BAR_HEIGHT, ChartCache } from "./chart_cache";
import { Frames } from "./frames";
import { LanesCanvas } from "./lanes_canvas";
import { OverlayCanvas, type Point } from "./overlay_canvas";
import { OverviewCanvas } from "./overview_canvas";
import { arrange, CHART_TOP, type Layout, type Row, row_at, rows_within } from "./rows";
import { stretch_at } from "./sorted";
import type { Range, Source, Summary } from "./source";
import type { State, Store } from "./state";
import type { Theme } from "./theme";
import { TileCache } from "./tile_cache";

interface Elements {
  overview: HTMLCanvasElement;
  lanes: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  /** Its size is that of the lanes. */
  area: HTMLElement;
  /** A scroll bar of the browser's; what it scrolls is empty. */
  scrollbar: HTMLElement;
}

// A change of these moves lanes up or down.
const LAYOUT_KEYS = ["mode", "filter", "closed", "expanded"] as const;
// And of these, what is drawn of them.
const SCENE_KEYS = ["view", "scroll", "range", "highlight", "freeze"] as const;

export class TimelineView {
  readonly frames = new Frames(() => this.draw());
  readonly cache: TileCache;
  readonly charts: ChartCache;
  layout: Layout = { rows: [], height: 0, of_lane: new Map() };
  width = 0;
  height = 0;
  hover: Point | null = null;
  drag: { range: Range; lanes: number[] } | null = null;
  /** The list of names draws itself again: other rows are on the screen. */
  on_rows: () => void = () => undefined;

  readonly overlay: OverlayCanvas;
  readonly overview: OverviewCanvas;
  private readonly lanes: LanesCanvas;
  private readonly observer: ResizeObserver;
  private readonly unwatch: () => void;
  private scene_changed = true;

  constructor(
    private readonly elements: Elements,
    readonly store: Store,
    readonly source: Source,
    readonly summary: Summary,
    private theme: Theme,
  ) {
    const trouble = (error: Error | null) => store.set({ trouble: error?.message ?? null });
    this.cache = new TileCache(source, () => this.invalidate(), trouble);
    this.charts = new ChartCache(
      source,
      summary.classes,
      summary.duration,
      (deeper) => (deeper ? this.rearrange() : this.invalidate()),
      trouble,
    );
    this.overlay = new OverlayCanvas(elements.overlay, summary);
    this.overview = new OverviewCanvas(elements.overview, summary, this.cache);
    this.lanes = new LanesCanvas(elements.lanes, summary, source, this.cache, this.charts, () =>
      this.overview.need(),
    );
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(elements.area);
    this.unwatch = store.watch((now, before) => this.changed(now, before));
    elements.scrollbar.addEventListener("scroll", () =>
      this.scroll_to(elements.scrollbar.scrollTop),
    );
    this.rearrange();
    this.measure();
  }

  close(): void {
    this.observer.disconnect();
    this.unwatch();
  }

  set_theme(theme: Theme): void {
    this.theme = theme;
    this.invalidate();
  }

  get scroll(): number {
    return this.store.state.scroll;
  }

  /** Draws everything at the next frame; `since`: time of the input that asked for it. */
  invalidate(since?: number): void {
    this.scene_changed = true;
    this.frames.ask(since);
  }

  /** Draws only what lies over the lanes. */
  invalidate_overlay(since?: number): void {
    this.frames.ask(since);
  }

  scroll_to(top: number, since?: number): void {
    const most = Math.max(0, this.layout.height - this.height);
    const scroll = Math.round(Math.min(Math.max(top, 0), most));
    if (scroll === this.scroll) return;
    this.frames.ask(since);
    this.store.set({ scroll });
  }

  scroll_by(by: number, since?: number): void {
    this.scroll_to(this.scroll + by, since);
  }

  /** Scrolls as little as is needed to have a lane on the screen. */
  reveal(lane: number): void {
    const row = this.layout.of_lane.get(lane);
    if (!row) return;
    const room = 30;
    if (row.y < this.scroll) this.scroll_to(row.y - room);
    else if (row.y + Math.min(row.height, this.height) > this.scroll + this.height)
      this.scroll_to(row.y + Math.min(row.height, this.height) - this.height + room);
  }

  time_at(x: number): number {
    const { view } = this.store.state;
    return view.from + (x / Math.max(1, this.width)) * (view.to - view.from);
  }

  /** The lane at a height of the screen; null on headings and below the last. */
  lane_at(y: number): number | null {
    const row = this.layout.rows[row_at(this.layout, y + this.scroll)];
    return row?.kind === "lane" ? row.lane : null;
  }

  /** The bar of an expanded lane's stacks at a point of the screen. */
  bar_at({ x, y }: Point): { fn: number; start: number; end: number } | null {
    const row = this.layout.rows[row_at(this.layout, y + this.scroll)];
    if (row?.kind !== "lane") return null;
    const depth = Math.floor((y + this.scroll - row.y - CHART_TOP) / BAR_HEIGHT);
    const bars = this.charts.chart(row.lane)?.rows[depth];
    const at = bars ? stretch_at(bars.starts, bars.ends, this.time_at(x)) : -1;
    return bars && at >= 0
      ? { fn: bars.functions[at], start: bars.starts[at], end: bars.ends[at] }
      : null;
  }

  rows(): Row[] {
    return rows_within(this.layout, this.scroll, this.height);
  }

  private changed(now: State, before: State): void {
    if (now.expanded !== before.expanded) this.charts.forget_others(now.expanded);
    const is_new = (key: keyof State) => now[key] !== before[key];
    if (LAYOUT_KEYS.some(is_new)) this.rearrange();
    else if (SCENE_KEYS.some(is_new)) this.invalidate();
    else this.invalidate_overlay();
  }

  private rearrange(): void {
    const { mode, filter, closed, expanded } = this.store.state;
    this.layout = arrange(this.summary, {
      mode,
      filter,
      closed,
      chart_height: (lane) => (expanded.has(lane) ? this.charts.height(lane) : 0),
    });
    const spacer = this.elements.scrollbar.firstElementChild as HTMLElement;
    spacer.style.height = `${this.layout.height}px`;
    this.scroll_to(this.scroll);
    this.invalidate();
  }

  private measure(): void {
    this.width = this.elements.area.clientWidth;
    this.height = this.elements.area.clientHeight;
    this.scroll_to(this.scroll);
    this.invalidate();
  }

  private draw(): void {
    if (this.width <= 0 || this.height <= 0) return;
    const { state } = this.store;
    const scene = { state, layout: this.layout, theme: this.theme, scroll: this.scroll };
    if (this.scene_changed) {
      this.scene_changed = false;
      if (Math.abs(this.elements.scrollbar.scrollTop - this.scroll) >= 1)
        this.elements.scrollbar.scrollTop = this.scroll;
      this.lanes.draw(scene, this.width, this.height);
      this.overview.draw(state, this.theme, this.width);
      this.on_rows();
    }
    this.overlay.draw({ ...scene, hover: this.hover, drag: this.drag }, this.width, this.height);
  }
}
