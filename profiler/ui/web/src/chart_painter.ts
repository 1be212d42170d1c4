// Draws the stacks of an expanded lane: bars with the names of functions in those that are wide
// enough.

import { BAR_HEIGHT } from "./chart_cache";
import { frame_name } from "./panel_words";
import { short_name } from "./short_name";
import { first_after } from "./sorted";
import type { Names, Range, Summary } from "./source";
import type { Chart, ChartRow } from "./stack_chart";
import type { Theme } from "./theme";

const FONT = "11px system-ui, sans-serif";
// Narrower than this, not even three letters fit.
const LEAST_TEXT = 24;
// Width of the … at the end of what does not fit, and a little for letters wider than the average.
const DOTS = 12;

/** Colour of a function's bar: kernel apart, else by module, so that a library is one colour. */
export function function_colour(names: Names, fn: number, dark: boolean): string {
  if (names.kernel[fn]) return dark ? "hsl(28 38% 33%)" : "hsl(32 75% 80%)";
  const hue = 175 + (hash(names.modules[fn] ?? "") % 24) * 5;
  return dark ? `hsl(${hue} 28% 34%)` : `hsl(${hue} 52% 82%)`;
}

function hash(text: string): number {
  let value = 7;
  for (let i = 0; i < text.length; i++) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}

interface Place {
  top: number;
  width: number;
  view: Range;
  theme: Theme;
  highlight: number | null;
}

export class ChartPainter {
  private colours = new Map<number, string>();
  private labels = new Map<number, { text: string; width: number }>();
  private is_dark = false;

  constructor(
    private readonly names: Names,
    private readonly summary: Summary,
  ) {}

  paint(g: CanvasRenderingContext2D, chart: Chart, place: Place): void {
    if (this.is_dark !== place.theme.dark) this.colours.clear();
    this.is_dark = place.theme.dark;
    g.font = FONT;
    g.textBaseline = "middle";
    g.textAlign = "left";
    chart.rows.forEach((row, depth) =>
      this.paint_row(g, row, place.top + depth * BAR_HEIGHT, place),
    );
  }

  private paint_row(g: CanvasRenderingContext2D, row: ChartRow, top: number, place: Place): void {
    const { view, width, theme } = place;
    const scale = width / (view.to - view.from);
    let drawn = -1;
    const first = first_after(row.ends, view.from);
    for (let i = first; i < row.starts.length && row.starts[i] < view.to; i++) {
      const left = Math.max(0, Math.round((row.starts[i] - view.from) * scale));
      const right = Math.min(width, Math.round((row.ends[i] - view.from) * scale));
      // Bars of less than a pixel: the first of them has it.
      if (right <= drawn) continue;
      const x = Math.max(left, drawn);
      const end = Math.max(right, x + 1);
      drawn = end;
      const fn = row.functions[i];
      const is_faint = place.highlight !== null && place.highlight !== fn;
      // Waits are long and their stacks deep: at full strength they would outshine what ran.
      g.globalAlpha = is_faint ? 0.4 : row.waits[i] >= 0 ? 0.65 : 1;
      g.fillStyle = row.waits[i] >= 0 ? theme.classes[row.waits[i]] : this.colour(fn);
      g.fillRect(x, top, end - x > 2 ? end - x - 1 : end - x, BAR_HEIGHT - 1);
      g.globalAlpha = is_faint ? 0.6 : 1;
      if (end - x >= LEAST_TEXT) this.paint_name(g, fn, x + 4, top, end - x - 8, theme);
    }
    g.globalAlpha = 1;
  }

  private paint_name(
    g: CanvasRenderingContext2D,
    fn: number,
    x: number,
    top: number,
    room: number,
    theme: Theme,
  ): void {
    let label = this.labels.get(fn);
    if (!label) {
      const text = short_name(frame_name(this.names, this.summary, fn));
      this.labels.set(fn, (label = { text, width: g.measureText(text).width }));
    }
    const { text, width } = label;
    const fitting = Math.floor((text.length * (room - DOTS)) / width);
    if (width > room && fitting < 2) return;
    g.fillStyle = theme.text;
    g.fillText(width > room ? `${text.slice(0, fitting)}…` : text, x, top + BAR_HEIGHT / 2);
  }

  private colour(fn: number): string {
    let colour = this.colours.get(fn);
    if (!colour) this.colours.set(fn, (colour = function_colour(this.names, fn, this.is_dark)));
    return colour;
  }
}
