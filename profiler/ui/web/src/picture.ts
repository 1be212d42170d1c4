// What is on the screen as a PNG: title, names, overview, axis, lanes, and what the colours mean.

import { base_name, duration } from "./format";
import { by_length, lane_times, type StateTime } from "./lane_times";
import { head_height } from "./overview_canvas";
import { HEADING_HEIGHT, LANE_HEIGHT, name_of } from "./rows";
import { effective } from "./selection";
import { stripe_colour, type Theme } from "./theme";
import type { TimelineView } from "./timeline_view";

const NAMES = 232;
const TITLE = 34;
const LEGEND = 34;
const FONT = "12px system-ui, sans-serif";

interface Canvases {
  overview: HTMLCanvasElement;
  lanes: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

export async function save_picture(
  timeline: TimelineView,
  canvases: Canvases,
  theme: Theme,
): Promise<void> {
  const { source, summary, store } = timeline;
  const selection = { ...effective(store.state, summary), range: store.state.view };
  const sums = await lane_times(source, selection, summary.classes, summary.finest).catch(
    () => null,
  );
  const canvas = compose(timeline, canvases, theme, sums ? by_length(sums, summary.classes) : []);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${base_name(summary.file).replace(/\.thaw$/, "")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function compose(
  timeline: TimelineView,
  canvases: Canvases,
  theme: Theme,
  times: StateTime[],
): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  const { width, height, summary } = timeline;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round((NAMES + width) * ratio);
  canvas.height = Math.round((TITLE + head_height(summary) + height + LEGEND) * ratio);
  const g = canvas.getContext("2d") as CanvasRenderingContext2D;
  g.scale(ratio, ratio);
  g.fillStyle = theme.background;
  g.fillRect(0, 0, NAMES + width, canvas.height);
  g.textBaseline = "middle";
  draw_title(g, timeline, theme);
  const top = TITLE + head_height(summary);
  draw_names(g, timeline, theme, top);
  g.drawImage(canvases.overview, NAMES, TITLE, width, head_height(summary));
  g.drawImage(canvases.lanes, NAMES, top, width, height);
  g.drawImage(canvases.overlay, NAMES, top, width, height);
  draw_legend(g, timeline, theme, times, top + height + LEGEND / 2);
  return canvas;
}

function draw_title(g: CanvasRenderingContext2D, { summary }: TimelineView, theme: Theme): void {
  g.font = `600 ${FONT}`;
  g.fillStyle = theme.text;
  const name = base_name(summary.file);
  g.fillText(name, 10, TITLE / 2);
  const x = 10 + g.measureText(name).width + 12;
  g.font = FONT;
  g.fillStyle = theme.faint;
  g.fillText(
    [duration(summary.duration), summary.kernel, summary.started].filter(Boolean).join("  ·  "),
    x,
    TITLE / 2,
  );
}

function draw_names(
  g: CanvasRenderingContext2D,
  timeline: TimelineView,
  theme: Theme,
  top: number,
): void {
  const { summary, scroll, height } = timeline;
  g.save();
  g.beginPath();
  g.rect(0, top, NAMES, height);
  g.clip();
  for (const row of timeline.rows()) {
    const y = top + row.y - scroll;
    const is_heading = row.kind === "process";
    if (is_heading) {
      g.fillStyle = theme.raised;
      g.fillRect(0, y, NAMES, row.height);
    }
    g.font = is_heading ? `600 ${FONT}` : FONT;
    g.fillStyle = theme.text;
    const text = is_heading ? `${row.name} ${row.pid}` : name_of(summary.lanes[row.lane]);
    const indent = is_heading || row.alone ? 10 : 24;
    g.fillText(
      text,
      indent,
      y + (is_heading ? HEADING_HEIGHT : LANE_HEIGHT) / 2,
      NAMES - indent - 8,
    );
  }
  g.restore();
}

function draw_legend(
  g: CanvasRenderingContext2D,
  { width, summary }: TimelineView,
  theme: Theme,
  times: StateTime[],
  y: number,
): void {
  g.font = FONT;
  let x = 10;
  for (const { class: index, name } of times) {
    const w = g.measureText(name).width;
    if (x + w + 20 > NAMES + width) return;
    g.fillStyle = theme.classes[index];
    g.fillRect(x, y - 6, 12, 12);
    if (summary.classes[index].kind === "stalled") hatch(g, x, y - 6, theme);
    g.fillStyle = theme.text;
    g.fillText(name, x + 18, y);
    x += w + 34;
  }
}

function hatch(g: CanvasRenderingContext2D, x: number, y: number, theme: Theme): void {
  g.save();
  g.beginPath();
  g.rect(x, y, 12, 12);
  g.clip();
  g.strokeStyle = stripe_colour(theme);
  g.lineWidth = 2;
  for (let at = -12; at < 12; at += 5) {
    g.beginPath();
    g.moveTo(x + at, y + 12);
    g.lineTo(x + at + 12, y);
    g.stroke();
  }
  g.restore();
}
