// A flame graph: how much of everything was spent in which stack. Click or Enter zooms into a frame,
// double-click or Escape goes back; arrows walk from frame to frame. Drawing is flame_painter.ts,
// where frames are flame_layout.ts.

import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { path_to, type CallTree } from "./call_tree";
import { own_keys, scroll_into_view, use_scroller } from "./elements";
import { Crumbs } from "./flame_crumbs";
import { FlameHover } from "./flame_hover";
import { next_frame } from "./flame_keys";
import { find_frame, layout_flames, type FlameRow } from "./flame_layout";
import {
  FlamePainter,
  ROW_HEIGHT,
  row_top,
  row_under,
  type FlameScene,
  type FlameView,
} from "./flame_painter";
import { use_zoom } from "./flame_zoom";
import type { Shown } from "./panel_parts";
import { frame_name, share, weight_words, type Unit } from "./panel_words";
import { stretch_at } from "./sorted";
import { Surface } from "./surface";

const KEYS = "Arrow keys walk from frame to frame, Enter zooms, Escape goes back, h highlights.";

export interface FlameGraphProps extends Shown {
  label: string;
  tree: CallTree;
  unit: Unit;
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
  const { scroller, seen, look } = use_scroller();
  const { width, height } = seen;

  const rows = useMemo(() => layout_flames(tree, zoom.node, width), [tree, zoom.node, width]);
  const zoom_row = path_to(tree, zoom.node).length;
  const view: FlameView = {
    width,
    height,
    scroll: seen.top,
    total_height: Math.max(rows.length * ROW_HEIGHT + 2, height),
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
    element.scrollTop = root_below ? top + ROW_HEIGHT - height : top;
    look();
  }, [zoom.node, root_below, height, rows.length]);

  const node_under = (event: MouseEvent): number => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const row = rows[row_under(view, event.clientY - box.top)];
    const at = row ? stretch_at(row.left, row.right, event.clientX - box.left) : -1;
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
      const row = find_frame(rows, next)?.row ?? 0;
      scroll_into_view(scroller.current!, row_top(view, row), ROW_HEIGHT);
    }
    return true;
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
        onKeyDown={own_keys(act)}
        onFocus={() => focus < 0 && set_focus(zoom.node)}
        onBlur={() => set_focus(-1)}
        onScroll={look}
      >
        <div class="flame-space" style={{ height: view.total_height }}>
          <canvas
            ref={canvas}
            style={{ width, height }}
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

/** Painted anew when anything of it changes; the mouse alone changes nothing. */
function use_painted(scene: FlameScene, view: FlameView): RefObject<HTMLCanvasElement> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useRef<Surface | null>(null);
  const painter = useMemo(() => new FlamePainter(), [scene.names]);
  useLayoutEffect(() => {
    if (view.width === 0) return;
    surface.current ??= new Surface(canvas.current!);
    surface.current.resize(view.width, view.height);
    painter.paint(surface.current.g, scene, view);
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
  const found = find_frame(rows, node);
  if (!found) return null;
  const { row, at } = found;
  const left = rows[row].left[at];
  const place = {
    left,
    top: row_top(view, row),
    width: rows[row].right[at] - left,
    height: ROW_HEIGHT - 1,
  };
  return <div class={`flame-outline ${kind}`} style={place} />;
}

function words_of(props: FlameGraphProps, node: number): string {
  const { tree, names, summary, unit } = props;
  const name = node === 0 ? "all" : frame_name(names, summary, tree.fn[node]);
  const total = `${share(tree.total[node], tree.total[0])}, ${weight_words(tree.total[node], unit)}`;
  return `${name}: ${total}, self ${weight_words(tree.self[node], unit)}`;
}
