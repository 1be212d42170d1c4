// Where frames of a flame graph are. Row 0 is the root; a frame is as wide as its share of the frame
// that is zoomed into. What would be narrower than half a pixel is left out with all it called, so
// the work depends on the width of the screen and not on the size of the capture. Pure.

import { path_to, type FrameTree } from "./call_tree";

const LEAST_PX = 0.5;

/** Frames of one row, from left to right. */
export interface FlameRow {
  nodes: number[];
  left: number[];
  right: number[];
}

/** `zoom` and its callers have the whole width. */
export function layout_flames(tree: FrameTree, zoom: number, width: number): FlameRow[] {
  const rows = [0, ...path_to(tree, zoom)]
    .slice(0, zoom === 0 ? 1 : undefined)
    .map((node): FlameRow => ({ nodes: [node], left: [0], right: [width] }));
  const scale = tree.total[zoom] > 0 ? width / tree.total[zoom] : 0;
  for (let above = rows[rows.length - 1]; ;) {
    const row = row_above(tree, above, scale);
    if (row.nodes.length === 0) return rows;
    rows.push(row);
    above = row;
  }
}

function row_above(tree: FrameTree, callers: FlameRow, scale: number): FlameRow {
  const row: FlameRow = { nodes: [], left: [], right: [] };
  callers.nodes.forEach((caller, i) => {
    let x = callers.left[i];
    const children = tree.children(caller);
    for (let k = 0; k < children.length; k++) {
      const width = tree.total[children[k]] * scale;
      if (width < LEAST_PX) break; // the rest is smaller
      row.nodes.push(children[k]);
      row.left.push(x);
      row.right.push((x += width));
    }
  });
  return row;
}

/** Row of a node and its place in that; null if it is not drawn. */
export function find_frame(rows: FlameRow[], node: number): { row: number; at: number } | null {
  for (let row = 0; row < rows.length; row++) {
    const at = rows[row].nodes.indexOf(node);
    if (at >= 0) return { row, at };
  }
  return null;
}

/** Functions from the outermost caller to a node: what a zoom is remembered by. */
export function functions_to(tree: FrameTree, node: number): number[] {
  return path_to(tree, node).map((at) => tree.fn[at]);
}

/** The node at the end of such a path, or where the path ends in this tree. */
export function node_of(tree: FrameTree, path: number[]): number {
  let node = 0;
  for (const fn of path) {
    const next = Array.from(tree.children(node)).find((child) => tree.fn[child] === fn);
    if (next === undefined) break;
    node = next;
  }
  return node;
}
