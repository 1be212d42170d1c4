// Which frame an arrow key leads to. Pure.

import { find_frame, type FlameRow } from "./flame_layout";

/** The next frame from `node`; the same where there is none; null for keys that lead nowhere. */
export function next_frame(
  rows: FlameRow[],
  node: number,
  key: string,
  root_below: boolean,
): number | null {
  const found = find_frame(rows, node);
  if (!found) return 0;
  const { row, at } = found;
  switch (key) {
    case "ArrowUp":
      return root_below ? called(rows, row, at) : caller(rows, row, at);
    case "ArrowDown":
      return root_below ? caller(rows, row, at) : called(rows, row, at);
    case "ArrowLeft":
      return rows[row].nodes[Math.max(0, at - 1)];
    case "ArrowRight":
      return rows[row].nodes[Math.min(rows[row].nodes.length - 1, at + 1)];
    case "Home":
      return 0;
    default:
      return null;
  }
}

/** The widest that it calls: the first, they are in order. */
function called(rows: FlameRow[], row: number, at: number): number {
  const here = rows[row];
  const above = rows[row + 1];
  const first = above ? above.left.findIndex((left) => left >= here.left[at] - 0.01) : -1;
  const is_of = first >= 0 && above.right[first] <= here.right[at] + 0.01;
  return is_of ? above.nodes[first] : here.nodes[at];
}

function caller(rows: FlameRow[], row: number, at: number): number {
  if (row === 0) return rows[0].nodes[0];
  const below = rows[row - 1];
  const found = below.right.findIndex((right) => right >= rows[row].right[at] - 0.01);
  return below.nodes[Math.max(0, found)];
}
