// Draws the lanes that are on the screen: states as pixels, then words, stacks and freezes on top.

import type { ChartCache } from "./chart_cache";
import { ChartPainter } from "./chart_painter";
import { word_of } from "./classes";
import { freezes_within } from "./freezes";
import { LanePainter, pixel } from "./lane_painter";
import { need_coarse, need_lane, paint_lane } from "./lane_tiles";
import { CHART_TOP, LANE_HEIGHT, type Layout, type Row, rows_within } from "./rows";
import type { Source, Summary } from "./source";
import type { State } from "./state";
import { Surface } from "./surface";
import type { Theme } from "./theme";
import type { TileCache } from "./tile_cache";
import { coarse_level, level_for } from "./view";

// Room above and below a lane's bar.
const INSET = 1;
const WORD_FONT = "10.5px system-ui, sans-serif";
// Of lanes above and below the screen, the coarse tiles are asked for too: something is there at
// once when one scrolls.
const AHEAD_SCREENS = 1;

interface Scene {
  state: State;
  layout: Layout;
  theme: Theme;
  scroll: number;
}

export class LanesCanvas {
  readonly surface: Surface;
  private readonly painter = new LanePainter();
  private readonly charts_painter: ChartPainter;
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);
  private theme: Theme | null = null;
  private band = 0;
  private words: { x: number; width: number; y: number; kind: number }[] = [];

  constructor(
    canvas: HTMLCanvasElement,
    private readonly summary: Summary,
    source: Source,
    private readonly cache: TileCache,
    private readonly charts: ChartCache,
    /** Asks for what others need in the same frame. */
    private readonly ask_more: () => void,
  ) {
    this.surface = new Surface(canvas);
    this.charts_painter = new ChartPainter(source.names, summary);
  }

  draw(scene: Scene, width: number, height: number): void {
    this.surface.resize(width, height);
    this.use_theme(scene.theme);
    const rows = rows_within(scene.layout, scene.scroll, height);
    this.cache.begin_frame();
    this.draw_pixels(scene, rows);
    this.ask_more();
    this.ask_ahead(scene, height);
    this.cache.end_frame();
    this.draw_words();
    this.draw_charts(scene, rows);
    this.draw_freezes(scene);
  }

  private use_theme(theme: Theme): void {
    if (this.theme === theme) return;
    this.theme = theme;
    this.painter.set_theme(theme, this.summary.classes);
    this.band = pixel(theme.raised);
  }

  private levels(scene: Scene) {
    const { view } = scene.state;
    const { duration, finest } = this.summary;
    return {
      wanted: level_for((view.to - view.from) / this.surface.canvas.width, finest),
      coarse: coarse_level(duration, finest),
      finest,
    };
  }

  private draw_pixels(scene: Scene, rows: Row[]): void {
    const { canvas, g, ratio } = this.surface;
    const { view } = scene.state;
    if (!this.image || this.image.width !== canvas.width || this.image.height !== canvas.height) {
      this.image = new ImageData(canvas.width, canvas.height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    const levels = this.levels(scene);
    this.painter.begin(this.pixels, canvas.width, canvas.height, view, 46 * ratio);
    this.words = [];
    for (const row of rows) {
      const top = Math.round((row.y - scene.scroll) * ratio);
      if (row.kind === "process") {
        this.painter.band(top, top + Math.round(row.height * ratio), this.band);
        continue;
      }
      need_lane(this.cache, row.lane, view, levels, this.summary.duration);
      paint_lane(this.painter, this.cache, row.lane, view, levels);
      const bottom = Math.round((row.y - scene.scroll + LANE_HEIGHT) * ratio);
      const inset = Math.round(INSET * ratio);
      this.painter.end_lane(top + inset, bottom - inset, Math.max(1, Math.round(1.5 * ratio)));
      for (const [x, end, kind] of this.painter.wide)
        this.words.push({
          x: x / ratio,
          width: (end - x) / ratio,
          y: (top + bottom) / 2 / ratio,
          kind,
        });
    }
    g.putImageData(this.image, 0, 0);
  }

  private ask_ahead(scene: Scene, height: number): void {
    const levels = this.levels(scene);
    const room = height * AHEAD_SCREENS;
    for (const row of rows_within(scene.layout, scene.scroll - room, height + 2 * room))
      if (row.kind === "lane") need_coarse(this.cache, row.lane, levels, this.summary.duration);
  }

  // A wait that is wide enough says what it is: colours alone are not for everybody.
  private draw_words(): void {
    const { g } = this.surface;
    const theme = this.theme as Theme;
    g.font = WORD_FONT;
    g.textBaseline = "middle";
    g.textAlign = "left";
    for (const { x, width, y, kind } of this.words) {
      const what = this.summary.classes[kind];
      if (what?.kind !== "ready" && what?.kind !== "waiting") continue;
      const word = word_of(what);
      if (word.length * 5.6 + 10 > width) continue;
      g.fillStyle = word_colour(theme, kind);
      g.fillText(word, x + 5, y + 0.5);
    }
  }

  private draw_charts(scene: Scene, rows: Row[]): void {
    const { g, width } = this.surface;
    const { view, expanded, highlight } = scene.state;
    for (const row of rows) {
      if (row.kind !== "lane" || row.height === LANE_HEIGHT || !expanded.has(row.lane)) continue;
      this.charts.need(row.lane, view, width);
      const top = row.y - scene.scroll + CHART_TOP;
      const chart = this.charts.chart(row.lane);
      if (chart)
        this.charts_painter.paint(g, chart, { top, width, view, theme: scene.theme, highlight });
      if (chart && chart.rows.length > 0) continue;
      g.font = WORD_FONT;
      g.fillStyle = scene.theme.faint;
      g.fillText(chart ? "No stacks here." : "Stacks are coming …", 6, top + 8);
    }
  }

  private draw_freezes(scene: Scene): void {
    const { g, width, height } = this.surface;
    const { view } = scene.state;
    const scale = width / (view.to - view.from);
    for (const { freeze } of freezes_within(this.summary.freezes, view)) {
      const x = (freeze.start - view.from) * scale;
      const w = Math.max(1, freeze.length * scale);
      g.fillStyle = scene.theme.alarm;
      g.globalAlpha = scene.theme.dark ? 0.1 : 0.08;
      g.fillRect(x, 0, w, height);
      g.globalAlpha = 0.9;
      g.fillRect(Math.round(x), 0, 1, height);
      if (w > 3) g.fillRect(Math.round(x + w) - 1, 0, 1, height);
      g.globalAlpha = 1;
    }
  }
}

/** Black or white, whichever can be read on the colour of a class, a little subdued. */
function word_colour(theme: Theme, kind: number): string {
  return luminance(theme.classes[kind]) > 0.22 ? "rgb(0 0 0 / 72%)" : "rgb(255 255 255 / 82%)";
}

function luminance(colour: string): number {
  const part = (at: number) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2;
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}
