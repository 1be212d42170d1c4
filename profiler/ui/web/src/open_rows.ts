// Which rows of a tree are open, and the rows that are seen because of it. Rows are remembered by
// their path of functions, so that another selection leaves open what was open. Pure.

import type { FrameTree } from "./call_tree";

interface TreeRow {
  node: number;
  level: number;
  path: string;
}

/** `open` has paths, as in TreeRow. */
export function open_rows(tree: FrameTree, open: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (node: number, level: number, above: string) => {
    const children = tree.children(node);
    for (let i = 0; i < children.length; i++) {
      const path = `${above}/${tree.fn[children[i]]}`;
      rows.push({ node: children[i], level, path });
      if (open.has(path)) add(children[i], level + 1, path);
    }
  };
  add(0, 1, "");
  return rows;
}

export function has_children(tree: FrameTree, node: number): boolean {
  return tree.children(node).length > 0;
}

// A caller whose largest callee has less of it than this forks: there the reader decides.
const FORK_SHARE = 0.6;
// Bounds the inverted tree, which is made as it is opened.
const MOST_LEVELS = 200;

/** Paths from `node` down along the largest until it forks. */
export function largest_paths(tree: FrameTree, node: number, path: string): string[] {
  const paths: string[] = [];
  for (let at = node, levels = 0; levels < MOST_LEVELS; levels++) {
    if (at !== 0) paths.push(path);
    const children = tree.children(at);
    if (children.length === 0 || tree.total[children[0]] < FORK_SHARE * tree.total[at])
      return paths;
    at = children[0];
    path = `${path}/${tree.fn[at]}`;
  }
  return paths;
}
