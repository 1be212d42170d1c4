// Draws a flame graph onto a canvas that is as large as what is seen of it: the rows that are
// scrolled to. Colours are those of the stacks in the timeline: kernel apart, else by module; a
// reason to wait has the colour of its class.

import { class_of, NO_STACK, type FrameTree } from "./call_tree";
import { function_colour } from "./chart_painter";
import type { FlameRow } from "./flame_layout";
import { frame_name } from "./panel_words";
import { short_name } from "./short_name";
import type { Names, Summary } from "./source";
import type { Theme } from "./theme";

export const ROW_HEIGHT = 18;
const FONT = "12px system-ui, sans-serif";
// Narrower than this, not even three letters fit.
const LEAST_TEXT = 26;
const PADDING = 4;

export interface FlameScene {
  tree: FrameTree;
  names: Names;
  summary: Summary;
  theme: Theme;
  rows: FlameRow[];
  /** Row of the frame zoomed into; its callers are drawn faint. */
  zoom_row: number;
  highlight: number | null;
  /** Colour by node, for a difference; else by function. */
  colour?: (node: number) => string;
}

export interface FlameView {
  width: number;
  height: number;
  /** Top of what is seen, in pixels of the whole graph. */
  scroll: number;
  /** Of the whole graph. */
  total_height: number;
  root_below: boolean;
}

/** Top of a row in pixels of the whole graph. */
export function row_top(view: FlameView, row: number): number {
  return view.root_below ? view.total_height - (row + 1) * ROW_HEIGHT : row * ROW_HEIGHT;
}

export function row_under(view: FlameView, y: number): number {
  const at = y + view.scroll;
  return Math.floor((view.root_below ? view.total_height - at : at) / ROW_HEIGHT);
}

interface Label {
  text: string;
  width: number;
}

// The root among labels by function: no function and no class has this number.
const ROOT = -1e6;

export class FlamePainter {
  private readonly labels = new Map<number, Label>();

  paint(g: CanvasRenderingContext2D, scene: FlameScene, view: FlameView): void {
    g.clearRect(0, 0, view.width, view.height);
    g.textBaseline = "middle";
    for (let row = 0; row < scene.rows.length; row++) {
      const top = row_top(view, row) - view.scroll;
      if (top + ROW_HEIGHT > 0 && top < view.height) this.paint_row(g, scene, row, top);
    }
    g.globalAlpha = 1;
  }

  private paint_row(g: CanvasRenderingContext2D, scene: FlameScene, at: number, top: number): void {
    const row = scene.rows[at];
    for (let i = 0; i < row.nodes.length; i++) {
      const node = row.nodes[i];
      const fn = scene.tree.fn[node];
      const width = row.right[i] - row.left[i];
      // The gap tells neighbours apart; where it would eat the frame there is none.
      const drawn = width > 3 ? width - 1 : width;
      g.globalAlpha = alpha_of(scene, at, fn);
      g.fillStyle = frame_colour(scene, node, fn);
      g.fillRect(row.left[i], top, drawn, ROW_HEIGHT - 1);
      if (scene.tree.inlined[node] !== 0 && width > 6)
        mark_inlined(g, scene, row.left[i], top, drawn);
      if (width >= LEAST_TEXT) this.paint_name(g, scene, node, row.left[i], top, drawn);
      if (fn === scene.highlight && width > 3) outline(g, scene, row.left[i], top, drawn);
    }
  }

  private paint_name(
    g: CanvasRenderingContext2D,
    scene: FlameScene,
    node: number,
    x: number,
    top: number,
    width: number,
  ): void {
    g.font = scene.tree.inlined[node] !== 0 ? `italic ${FONT}` : FONT;
    const { text, width: wanted } = this.label(g, scene, node);
    const room = width - 2 * PADDING;
    const words =
      wanted > room ? cut(g, text, Math.floor((text.length * room) / wanted), room) : text;
    if (words === "") return;
    g.fillStyle = scene.theme.text;
    g.fillText(words, x + PADDING, top + ROW_HEIGHT / 2);
  }

  private label(g: CanvasRenderingContext2D, scene: FlameScene, node: number): Label {
    const fn = node === 0 ? ROOT : scene.tree.fn[node];
    let label = this.labels.get(fn);
    if (!label) {
      const text = node === 0 ? "all" : short_name(frame_name(scene.names, scene.summary, fn));
      this.labels.set(fn, (label = { text, width: g.measureText(text).width }));
    }
    return label;
  }
}

/** About `letters` of a text, fewer where they are wide; "" if hardly any fits. */
function cut(g: CanvasRenderingContext2D, text: string, letters: number, room: number): string {
  for (let length = letters; length > 1; length--) {
    const words = `${text.slice(0, length)}…`;
    if (g.measureText(words).width <= room) return words;
  }
  return "";
}

function alpha_of(scene: FlameScene, row: number, fn: number): number {
  if (scene.highlight !== null) return fn === scene.highlight ? 1 : 0.4;
  return row < scene.zoom_row ? 0.55 : 1;
}

function frame_colour(scene: FlameScene, node: number, fn: number): string {
  if (node === 0) return scene.theme.line;
  if (scene.colour) return scene.colour(node);
  if (fn === NO_STACK) return scene.theme.line;
  if (fn < 0) return scene.theme.classes[class_of(fn)] ?? scene.theme.line;
  return function_colour(scene.names, fn, scene.theme.dark);
}

/** A dotted edge towards the caller: it is the caller's own code. */
function mark_inlined(
  g: CanvasRenderingContext2D,
  scene: FlameScene,
  x: number,
  top: number,
  width: number,
): void {
  g.fillStyle = scene.theme.faint;
  for (let dot = x; dot < x + width; dot += 4)
    g.fillRect(dot, top, Math.min(2, x + width - dot), 1);
}

function outline(
  g: CanvasRenderingContext2D,
  scene: FlameScene,
  x: number,
  top: number,
  width: number,
): void {
  g.strokeStyle = scene.theme.accent;
  g.lineWidth = 1;
  g.strokeRect(x + 0.5, top + 0.5, width - 1, ROW_HEIGHT - 2);
}
