// What lies over the lanes and changes with the pointer: the selection, the wait that was clicked
// with an arrow from its waker, the line under the pointer.

import { duration } from "./format";
import { LANE_HEIGHT, type Layout, name_of } from "./rows";
import type { Range, Summary } from "./source";
import type { State } from "./state";
import { Surface } from "./surface";
import type { Theme } from "./theme";

const TAG_FONT = "600 11px system-ui, sans-serif";

export interface Point {
  x: number;
  y: number;
}

interface OverlayScene {
  state: State;
  layout: Layout;
  theme: Theme;
  scroll: number;
  hover: Point | null;
  /** While it is dragged: not yet the selection. */
  drag: { range: Range; lanes: number[] } | null;
}

interface Arrow {
  tail: Point;
  head: Point;
  lane: number;
  time: number;
}

export class OverlayCanvas {
  readonly surface: Surface;
  private arrow: Arrow | null = null;
  private scale = 1;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly summary: Summary,
  ) {
    this.surface = new Surface(canvas);
  }

  draw(scene: OverlayScene, width: number, height: number): void {
    this.surface.resize(width, height);
    this.surface.clear();
    const { view } = scene.state;
    this.scale = width / (view.to - view.from);
    this.draw_selection(scene);
    this.draw_focus(scene);
    this.draw_inspected(scene);
    if (scene.hover) this.line(scene.hover.x, scene.theme.faint, 0.7);
  }

  /** The waker to go to when this point of the arrow is clicked. */
  arrow_at({ x, y }: Point): { lane: number; time: number } | null {
    if (!this.arrow) return null;
    const { tail, head } = this.arrow;
    const length2 = (head.x - tail.x) ** 2 + (head.y - tail.y) ** 2;
    const along =
      ((x - tail.x) * (head.x - tail.x) + (y - tail.y) * (head.y - tail.y)) / (length2 || 1);
    const t = Math.min(1, Math.max(0, along));
    const away = Math.hypot(x - tail.x - t * (head.x - tail.x), y - tail.y - t * (head.y - tail.y));
    return away < 6 ? { lane: this.arrow.lane, time: this.arrow.time } : null;
  }

  private x_of(scene: OverlayScene, time: number): number {
    return (time - scene.state.view.from) * this.scale;
  }

  private line(x: number, colour: string, alpha: number): void {
    const { g, height } = this.surface;
    g.globalAlpha = alpha;
    g.fillStyle = colour;
    g.fillRect(Math.round(x), 0, 1, height);
    g.globalAlpha = 1;
  }

  private draw_selection(scene: OverlayScene): void {
    const range = scene.drag?.range ?? scene.state.range;
    const lanes = scene.drag?.lanes ?? scene.state.lanes;
    if (!range) return;
    const { g, width, height } = this.surface;
    const left = Math.max(-2, this.x_of(scene, range.from));
    const right = Math.min(width + 2, this.x_of(scene, range.to));
    if (right < 0 || left > width) return;
    g.fillStyle = scene.theme.accent;
    g.globalAlpha = scene.theme.dark ? 0.2 : 0.16;
    if (lanes.length === 0) g.fillRect(left, 0, right - left, height);
    for (const lane of lanes) {
      const row = scene.layout.of_lane.get(lane);
      const y = row ? row.y - scene.scroll : Infinity;
      if (row && y < height && y + row.height > 0) g.fillRect(left, y, right - left, row.height);
    }
    g.globalAlpha = 1;
    this.line(left, scene.theme.accent, 1);
    this.line(right - 1, scene.theme.accent, 1);
    this.tag(
      duration(range.to - range.from),
      (Math.max(0, left) + Math.min(width, right)) / 2,
      4,
      scene.theme,
    );
  }

  private tag(text: string, middle: number, top: number, theme: Theme): void {
    const { g, width } = this.surface;
    g.font = TAG_FONT;
    const w = g.measureText(text).width + 12;
    const x = Math.min(Math.max(middle - w / 2, 2), width - w - 2);
    g.fillStyle = theme.accent;
    g.beginPath();
    g.roundRect(x, top, w, 18, 4);
    g.fill();
    g.fillStyle = theme.dark ? "#0b1016" : "#ffffff";
    g.textBaseline = "middle";
    g.textAlign = "left";
    g.fillText(text, x + 6, top + 9.5);
  }

  private draw_focus(scene: OverlayScene): void {
    const row =
      scene.state.focus === null ? undefined : scene.layout.of_lane.get(scene.state.focus);
    if (!row) return;
    const { g, width } = this.surface;
    g.fillStyle = scene.theme.accent;
    g.globalAlpha = 0.35;
    g.fillRect(0, row.y - scene.scroll - 0.5, width, 1);
    g.fillRect(0, row.y - scene.scroll + row.height - 0.5, width, 1);
    g.globalAlpha = 1;
  }

  private draw_inspected(scene: OverlayScene): void {
    this.arrow = null;
    const { inspected } = scene.state;
    const row = inspected && scene.layout.of_lane.get(inspected.lane);
    const slice = inspected?.at?.slice;
    if (!row || !slice) return;
    const { g } = this.surface;
    const left = this.x_of(scene, slice.start);
    const right = this.x_of(scene, slice.end);
    const y = row.y - scene.scroll;
    g.strokeStyle = scene.theme.text;
    g.lineWidth = 1.5;
    g.strokeRect(left + 0.5, y + 1, Math.max(right - left - 1, 2), LANE_HEIGHT - 2);
    const waker = inspected.at?.waker;
    if (!waker || waker.lane === null) return;
    const from = scene.layout.of_lane.get(waker.lane);
    if (!from) return;
    const tail = { x: this.x_of(scene, waker.time), y: from.y - scene.scroll + LANE_HEIGHT / 2 };
    const head = { x: right, y: y + (from.y < row.y ? 1 : LANE_HEIGHT - 1) };
    this.arrow = { tail, head, lane: waker.lane, time: waker.time };
    this.draw_arrow(this.arrow, scene);
  }

  private draw_arrow({ tail, head, lane }: Arrow, scene: OverlayScene): void {
    const { g, height } = this.surface;
    const down = head.y > tail.y ? 1 : -1;
    for (const [width, colour] of [
      [4, scene.theme.background],
      [1.75, scene.theme.text],
    ] as const) {
      g.strokeStyle = g.fillStyle = colour;
      g.lineWidth = width;
      g.beginPath();
      g.moveTo(tail.x, tail.y);
      g.lineTo(head.x, head.y - down * 6);
      g.stroke();
      g.beginPath();
      g.arc(tail.x, tail.y, 2.5 + width / 2, 0, 7);
      g.fill();
      g.beginPath();
      g.moveTo(head.x, head.y);
      g.lineTo(head.x - 4.5, head.y - down * 8);
      g.lineTo(head.x + 4.5, head.y - down * 8);
      g.fill();
    }
    const name = `woken by ${name_of(this.summary.lanes[lane])}`;
    if (tail.y < 0) this.tag(`↑ ${name}`, tail.x, 26, scene.theme);
    if (tail.y > height) this.tag(`↓ ${name}`, tail.x, height - 24, scene.theme);
  }
}
