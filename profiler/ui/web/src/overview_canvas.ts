// Above the lanes: the whole capture with how busy its CPUs were, its freezes and what of it is on
// the screen; below that the axis of what is on the screen.

import { add_shares } from "./cells";
import { duration, mark_label, mark_step, marks } from "./format";
import { freezes_within, title_of } from "./freezes";
import { BUCKETS_PER_TILE, lanes_of, type Range, type Summary, type Tile } from "./source";
import type { State } from "./state";
import { Surface } from "./surface";
import type { Theme } from "./theme";
import type { TileCache } from "./tile_cache";
import { coarse_level, tiles_of } from "./view";

export const OVERVIEW_HEIGHT = 36;
const AXIS_HEIGHT = 26;
const MARKS_HEIGHT = 22;

/** Overview, axis and, when there are freezes, what they were: CSS pixels. */
export function head_height(summary: Summary): number {
  return OVERVIEW_HEIGHT + AXIS_HEIGHT + (summary.freezes.length > 0 ? MARKS_HEIGHT : 0);
}
// Of machines with more CPUs than this, every n-th is looked at: the picture is the same.
const MOST_CPUS = 64;
const MARK_ROOM = 110;

export class OverviewCanvas {
  readonly surface: Surface;
  private readonly cpus: number[];
  private readonly level: number;
  private readonly busy: number;
  private readonly stalled: number;
  private shares: number[] = [];
  private known = 0;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly summary: Summary,
    private readonly cache: TileCache,
  ) {
    this.surface = new Surface(canvas);
    const cpus = lanes_of(summary.lanes, "cpu");
    const step = Math.ceil(cpus.length / MOST_CPUS);
    this.cpus = cpus.filter((_, i) => i % step === 0);
    this.level = coarse_level(summary.duration, summary.finest);
    this.busy = summary.classes.findIndex(({ kind }) => kind === "running");
    this.stalled = summary.classes.findIndex(({ kind }) => kind === "stalled");
  }

  draw(state: State, theme: Theme, width: number): void {
    const height = head_height(this.summary);
    this.surface.resize(width, height);
    const { g } = this.surface;
    g.fillStyle = theme.raised;
    g.fillRect(0, 0, width, OVERVIEW_HEIGHT);
    g.fillStyle = theme.background;
    g.fillRect(0, OVERVIEW_HEIGHT, width, height - OVERVIEW_HEIGHT);
    this.draw_busy(theme);
    this.draw_freezes(theme);
    if (state.range) this.draw_range(state.range, theme.accent, 0.35);
    this.draw_window(state.view, theme);
    this.draw_axis(state, theme);
    if (this.summary.freezes.length > 0) this.draw_marks(state, theme);
  }

  private x_of(time: number): number {
    return (time / Math.max(1, this.summary.duration)) * this.surface.width;
  }

  private draw_busy(theme: Theme): void {
    this.update_shares();
    const { g } = this.surface;
    const height = OVERVIEW_HEIGHT - 5;
    g.fillStyle = theme.classes[this.busy] ?? theme.accent;
    g.globalAlpha = 0.85;
    this.shares.forEach((share, bucket) => {
      if (share <= 0) return;
      const x = this.x_of(bucket * 2 ** this.level);
      const w = this.x_of((bucket + 1) * 2 ** this.level) - x;
      g.fillRect(x, OVERVIEW_HEIGHT - share * height, w + 0.3, share * height);
    });
    g.globalAlpha = 1;
  }

  // Of each bucket of the whole capture, how much of the CPUs ran. Worked out anew only when more
  // tiles are there than the last time.
  private update_shares(): void {
    const whole = tiles_of({ from: 0, to: this.summary.duration }, this.level);
    const columns: Tile[][] = [];
    for (let index = whole.first; index <= whole.last; index++)
      columns.push(this.cpus.flatMap((cpu) => this.cache.get(this.level, cpu, index) ?? []));
    const known = columns.reduce((sum, tiles) => sum + tiles.length, 0);
    if (known === this.known) return;
    this.known = known;
    const sums = new Float64Array(64);
    this.shares = columns.flatMap((tiles) =>
      Array.from({ length: BUCKETS_PER_TILE }, (_, bucket) => {
        sums.fill(0);
        for (const tile of tiles) add_shares(tile, bucket, bucket + 1, sums);
        const ran = sums[this.busy] + (sums[this.stalled] ?? 0);
        return tiles.length > 0 ? Math.min(1, ran / tiles.length) : 0;
      }),
    );
  }

  need(): void {
    const whole = tiles_of({ from: 0, to: this.summary.duration }, this.level);
    for (const cpu of this.cpus) this.cache.need(this.level, cpu, whole.first, whole.last);
  }

  private draw_freezes(theme: Theme): void {
    const { g } = this.surface;
    g.fillStyle = theme.alarm;
    for (const { start, length } of this.summary.freezes) {
      const x = this.x_of(start);
      const w = Math.max(2, this.x_of(length));
      g.globalAlpha = 0.4;
      g.fillRect(x, 0, w, OVERVIEW_HEIGHT);
      g.globalAlpha = 1;
      g.fillRect(x, 0, w, 4);
    }
  }

  private draw_range(range: Range, colour: string, alpha: number): void {
    const { g } = this.surface;
    g.fillStyle = colour;
    g.globalAlpha = alpha;
    const x = this.x_of(range.from);
    g.fillRect(x, 0, Math.max(1, this.x_of(range.to) - x), OVERVIEW_HEIGHT);
    g.globalAlpha = 1;
  }

  // What is not on the screen is dimmed.
  private draw_window(view: Range, theme: Theme): void {
    const { g, width } = this.surface;
    const left = this.x_of(view.from);
    const right = Math.max(left + 3, this.x_of(view.to));
    g.fillStyle = theme.background;
    g.globalAlpha = 0.62;
    g.fillRect(0, 0, left, OVERVIEW_HEIGHT);
    g.fillRect(right, 0, width - right, OVERVIEW_HEIGHT);
    g.globalAlpha = 1;
    g.fillStyle = theme.accent;
    if (left > 0.5) g.fillRect(left - 1, 0, 2, OVERVIEW_HEIGHT);
    if (right < width - 0.5) g.fillRect(right - 1, 0, 2, OVERVIEW_HEIGHT);
  }

  private draw_axis(state: State, theme: Theme): void {
    const { g, width } = this.surface;
    const { view } = state;
    const step = mark_step(((view.to - view.from) / width) * MARK_ROOM);
    const scale = width / (view.to - view.from);
    const top = OVERVIEW_HEIGHT;
    g.fillStyle = theme.line;
    g.fillRect(0, top, width, 1);
    g.fillRect(0, top + AXIS_HEIGHT - 1, width, 1);
    this.draw_axis_freezes(view, scale, theme);
    g.font = "11px system-ui, sans-serif";
    g.textBaseline = "middle";
    g.textAlign = "left";
    for (const time of marks(view.from, view.to, step / 5)) {
      const x = Math.round((time - view.from) * scale);
      const is_large = Math.abs(time / step - Math.round(time / step)) < 1e-6;
      g.fillStyle = theme.line;
      g.fillRect(x, top + AXIS_HEIGHT - (is_large ? 12 : 5), 1, is_large ? 12 : 5);
      g.fillStyle = theme.faint;
      if (is_large) g.fillText(mark_label(time, step, view.to), x + 5, top + 12);
    }
  }

  private draw_axis_freezes(view: Range, scale: number, theme: Theme): void {
    const { g, width } = this.surface;
    const top = OVERVIEW_HEIGHT + 1;
    for (const { freeze } of freezes_within(this.summary.freezes, view)) {
      const left = Math.max(0, (freeze.start - view.from) * scale);
      const right = Math.min(width, (freeze.start + freeze.length - view.from) * scale);
      g.fillStyle = theme.alarm;
      g.globalAlpha = theme.dark ? 0.3 : 0.2;
      g.fillRect(left, top, Math.max(2, right - left), AXIS_HEIGHT - 2);
      g.globalAlpha = 1;
      g.fillRect(left, top, Math.max(2, right - left), 3);
    }
  }

  // Length and cause of each freeze, in its band, as far as there is room for them.
  private draw_marks({ view, freeze: current }: State, theme: Theme): void {
    const { g, width } = this.surface;
    const top = OVERVIEW_HEIGHT + AXIS_HEIGHT;
    const scale = width / (view.to - view.from);
    g.fillStyle = theme.line;
    g.fillRect(0, top + MARKS_HEIGHT - 1, width, 1);
    g.font = "600 11px system-ui, sans-serif";
    g.textAlign = "center";
    for (const { freeze, index } of freezes_within(this.summary.freezes, view)) {
      const left = Math.max(0, (freeze.start - view.from) * scale);
      const right = Math.min(width, (freeze.start + freeze.length - view.from) * scale);
      g.fillStyle = theme.alarm;
      g.globalAlpha = index === current || current === null ? 1 : 0.75;
      g.fillRect(left, top, Math.max(1, right - left), MARKS_HEIGHT - 1);
      g.globalAlpha = 1;
      const words = [
        `freeze ${index + 1}: ${duration(freeze.length)}, ${title_of(freeze)}`,
        `freeze ${duration(freeze.length)}`,
        duration(freeze.length),
      ];
      const fitting = words.find((text) => g.measureText(text).width + 12 < right - left);
      g.fillStyle = theme.dark ? "#1a0806" : "#ffffff";
      if (fitting) g.fillText(fitting, (left + right) / 2, top + MARKS_HEIGHT / 2);
    }
  }

  /** Index of the freeze whose mark on the axis is at `x`. */
  freeze_at(x: number, view: Range): number | null {
    const per_pixel = (view.to - view.from) / this.surface.width;
    const time = view.from + x * per_pixel;
    const near = { from: time - 3 * per_pixel, to: time + 3 * per_pixel };
    return freezes_within(this.summary.freezes, near)[0]?.index ?? null;
  }
}
