// A flame graph: how much of everything was spent in which stack. Click or Enter zooms into a frame,
// double-click or Escape goes back; arrows walk from frame to frame. Drawing is flame_painter.ts,
// where frames are flame_layout.ts.

import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { path_to, type CallTree } from "./call_tree";
import { Crumbs } from "./flame_crumbs";
import { FlameHover } from "./flame_hover";
import { next_frame } from "./flame_keys";
import { frame_at, layout_flames, type FlameRow } from "./flame_layout";
import {
  FlamePainter,
  ROW_HEIGHT,
  row_top,
  row_under,
  type FlameScene,
  type FlameView,
} from "./flame_painter";
import { use_zoom } from "./flame_zoom";
import { frame_name, share, weight_words, type Unit } from "./panel_words";
import type { Names, Summary } from "./source";
import type { Theme } from "./theme";

const KEYS = "Arrow keys walk from frame to frame, Enter zooms, Escape goes back, h highlights.";

export interface FlameGraphProps {
  label: string;
  tree: CallTree;
  names: Names;
  summary: Summary;
  unit: Unit;
  theme: Theme;
  highlight: number | null;
  on_highlight(fn: number | null): void;
  /** Shows the source of a function. */
  on_source?(fn: number): void;
  colour?: (node: number) => string;
  /** For "copy as text". */
  text?(): string;
  /** More about a frame, for its description. */
  note?: (node: number) => string;
}

interface Hover {
  node: number;
  x: number;
  y: number;
}

export function FlameGraph(props: FlameGraphProps): JSX.Element {
  const { tree } = props;
  const zoom = use_zoom(tree);
  const before_click = useRef(zoom.place);
  const [root_below, set_root_below] = useState(true);
  // Nodes of another tree mean nothing in this one.
  const [hover, set_hover] = use_state_of<Hover | null>(tree, null);
  const [focus, set_focus] = use_state_of(tree, -1);
  const [scroll, set_scroll] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const size = use_size(scroller);

  const rows = useMemo(() => layout_flames(tree, zoom.node, size.width), [tree, zoom.node, size]);
  const zoom_row = path_to(tree, zoom.node).length;
  const view: FlameView = {
    ...size,
    scroll,
    total_height: Math.max(rows.length * ROW_HEIGHT + 2, size.height),
    root_below,
  };
  const { names, summary, theme, highlight, colour } = props;
  const canvas = use_painted(
    { tree, names, summary, theme, rows, zoom_row, highlight, colour },
    view,
  );

  // What was zoomed into stays in sight, with a row of its callers.
  useLayoutEffect(() => {
    const element = scroller.current!;
    const top = row_top(view, Math.max(0, zoom_row - 1));
    element.scrollTop = root_below ? top + ROW_HEIGHT - size.height : top;
    set_scroll(element.scrollTop);
  }, [zoom.node, root_below, size.height, rows.length]);

  const node_under = (event: MouseEvent): number => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const row = rows[row_under(view, event.clientY - box.top)];
    const at = frame_at(row, event.clientX - box.left);
    return at < 0 ? -1 : row.nodes[at];
  };
  const on_move = (event: MouseEvent) => {
    const node = node_under(event);
    set_hover(node < 0 ? null : { node, x: event.clientX, y: event.clientY });
  };
  const on_click = (event: MouseEvent) => {
    // The clicks of a double-click would zoom first: it goes back from where it began.
    if (event.detail > 1) return;
    before_click.current = zoom.place;
    const node = node_under(event);
    if (node < 0) return;
    set_focus(node);
    zoom.go_to(node);
  };
  /** False for keys that are not the graph's. */
  const act = (key: string): boolean => {
    const at = focus < 0 ? zoom.node : focus;
    if (key === "Escape") {
      const went = zoom.back();
      if (!went && highlight !== null) props.on_highlight(null);
      return went || highlight !== null;
    }
    if (key === "Enter" || key === " ") zoom.go_to(at);
    else if (key === "h") props.on_highlight(tree.fn[at] < 0 ? null : tree.fn[at]);
    else {
      const next = next_frame(rows, at, key, root_below);
      if (next === null) return false;
      set_focus(next);
      const row = rows.findIndex((each) => each.nodes.includes(next));
      scroll_into_view(scroller.current!, row_top(view, row));
    }
    return true;
  };
  const on_key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="flame">
      <Crumbs
        {...props}
        zoom={zoom.node}
        on_zoom={zoom.go_to}
        root_below={root_below}
        on_root_below={set_root_below}
      />
      <div
        ref={scroller}
        class="flame-scroll"
        tabIndex={0}
        role="application"
        aria-roledescription="flame graph"
        aria-label={`${props.label}. ${KEYS}`}
        onKeyDown={on_key}
        onFocus={() => focus < 0 && set_focus(zoom.node)}
        onBlur={() => set_focus(-1)}
        onScroll={(event) => set_scroll(event.currentTarget.scrollTop)}
      >
        <div class="flame-space" style={{ height: view.total_height }}>
          <canvas
            ref={canvas}
            style={{ width: size.width, height: size.height }}
            onMouseMove={on_move}
            onMouseLeave={() => set_hover(null)}
            onClick={on_click}
            onDblClick={() => zoom.back(before_click.current)}
          />
          {hover && <Outline rows={rows} view={view} node={hover.node} kind="hovered" />}
          {focus >= 0 && <Outline rows={rows} view={view} node={focus} kind="focused" />}
        </div>
      </div>
      <div class="hidden-words" aria-live="polite">
        {focus >= 0 ? words_of(props, focus) : ""}
      </div>
      {hover && <FlameHover {...props} node={hover.node} x={hover.x} y={hover.y} />}
    </div>
  );
}

/** State that begins anew with every tree. */
function use_state_of<T>(tree: CallTree, none: T): [T, (value: T) => void] {
  const [state, set_state] = useState({ tree, value: none });
  return [state.tree === tree ? state.value : none, (value) => set_state({ tree, value })];
}

function use_size(of: RefObject<HTMLElement>): { width: number; height: number } {
  const [size, set_size] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = of.current!;
    const measure = () => set_size({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return size;
}

/** Painted anew when anything of it changes; the mouse alone changes nothing. */
function use_painted(scene: FlameScene, view: FlameView): RefObject<HTMLCanvasElement> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useMemo(() => new FlamePainter(), [scene.names]);
  useLayoutEffect(() => {
    const element = canvas.current!;
    const g = element.getContext("2d");
    if (!g || view.width === 0) return;
    const dots = window.devicePixelRatio || 1;
    element.width = Math.round(view.width * dots);
    element.height = Math.round(view.height * dots);
    g.setTransform(dots, 0, 0, dots, 0, 0);
    painter.paint(g, scene, view);
  }, [...Object.values(scene), ...Object.values(view)]);
  return canvas;
}

interface OutlineProps {
  rows: FlameRow[];
  view: FlameView;
  node: number;
  kind: "hovered" | "focused";
}

/** Around a frame, above the canvas: it moves with the mouse, which is no reason to paint. */
function Outline({ rows, view, node, kind }: OutlineProps): JSX.Element | null {
  const row = rows.findIndex((each) => each.nodes.includes(node));
  if (row < 0) return null;
  const at = rows[row].nodes.indexOf(node);
  const left = rows[row].left[at];
  const place = {
    left,
    top: row_top(view, row),
    width: rows[row].right[at] - left,
    height: ROW_HEIGHT - 1,
  };
  return <div class={`flame-outline ${kind}`} style={place} />;
}

function scroll_into_view(element: HTMLElement, top: number): void {
  if (top < element.scrollTop) element.scrollTop = top;
  const bottom = top + ROW_HEIGHT - element.clientHeight;
  if (bottom > element.scrollTop) element.scrollTop = bottom;
}

function words_of(props: FlameGraphProps, node: number): string {
  const { tree, names, summary, unit } = props;
  const name = node === 0 ? "all" : frame_name(names, summary, tree.fn[node]);
  const total = `${share(tree.total[node], tree.total[0])}, ${weight_words(tree.total[node], unit)}`;
  return `${name}: ${total}, self ${weight_words(tree.self[node], unit)}`;
}
