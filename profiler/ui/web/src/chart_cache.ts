// Stacks of the expanded lanes: one chart per lane, asked for with room on both sides, so that
// panning does not ask at every step. The old chart is drawn until the new one is there.

import type { Range, Source, StateClass } from "./source";
import { type Chart, make_chart } from "./stack_chart";
import { fit } from "./view";

// A chart is asked for anew when the screen shows less than this part of it: it is too coarse then.
const LEAST_SHOWN = 0.2;
const RETRY_MS = 1500;

export const BAR_HEIGHT = 15;

interface Entry {
  chart: Chart | null;
  under_way: boolean;
  not_before: number;
  /** Never shrinks while the lane is expanded: lanes below must not jump as one pans. */
  depth: number;
}

export class ChartCache {
  private readonly entries = new Map<number, Entry>();

  constructor(
    private readonly source: Source,
    private readonly classes: StateClass[],
    private readonly duration: number,
    /** A chart came; `deeper`: lanes below have to move. */
    private readonly on_change: (deeper: boolean) => void,
    private readonly on_error: (error: Error | null) => void,
  ) {}

  chart(lane: number): Chart | null {
    return this.entries.get(lane)?.chart ?? null;
  }

  height(lane: number): number {
    const depth = this.entries.get(lane)?.depth ?? 0;
    return Math.max(depth, 1) * BAR_HEIGHT + 6;
  }

  forget_others(lanes: ReadonlySet<number>): void {
    for (const lane of this.entries.keys()) if (!lanes.has(lane)) this.entries.delete(lane);
  }

  /** Asks if what is there does not fit the view. */
  need(lane: number, view: Range, width: number): void {
    let entry = this.entries.get(lane);
    if (!entry) {
      entry = { chart: null, under_way: false, not_before: 0, depth: 0 };
      this.entries.set(lane, entry);
    }
    if (entry.under_way || performance.now() < entry.not_before || fits(entry.chart, view)) return;
    void this.ask(lane, entry, view, width);
  }

  private async ask(lane: number, entry: Entry, view: Range, width: number): Promise<void> {
    const room = (view.to - view.from) / 2;
    const range = fit({ from: view.from - room, to: view.to + room }, this.duration);
    const whole = { from: Math.floor(range.from), to: Math.ceil(range.to) };
    entry.under_way = true;
    let deeper = false;
    try {
      const { boxes, merged } = await this.source.boxes(lane, whole, Math.ceil(width));
      const gap = (range.to - range.from) / width / 2;
      entry.chart = make_chart(boxes, merged, whole, gap, this.source.names, this.classes);
      deeper = entry.chart.rows.length > entry.depth;
      entry.depth = Math.max(entry.depth, entry.chart.rows.length);
      this.on_error(null);
    } catch (error) {
      entry.not_before = performance.now() + RETRY_MS;
      setTimeout(() => this.on_change(false), RETRY_MS + 20);
      this.on_error(error as Error);
    }
    entry.under_way = false;
    this.on_change(deeper);
  }
}

function fits(chart: Chart | null, view: Range): boolean {
  if (!chart) return false;
  const { from, to } = chart.range;
  const is_inside = from <= view.from && to >= Math.floor(view.to);
  return is_inside && (!chart.merged || view.to - view.from >= LEAST_SHOWN * (to - from));
}
