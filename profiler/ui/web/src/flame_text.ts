// A flame graph as text: the call tree down to a share that one would see. Pure.

import type { CallTree } from "./call_tree";
import { change_words, measure_words } from "./change_words";
import type { FrameChanges, Measure, Side } from "./difference";
import type { Shown } from "./panel_parts";
import { frame_name, module_name, share, text_table, weight_words, type Unit } from "./panel_words";

// Below this, a frame of a flame graph has no room for its name.
const LEAST_SHARE = 0.005;

export function flames_text(tree: CallTree, { names, summary }: Shown, unit: Unit): string {
  const rows = visible(tree).map(({ node, level }) => [
    share(tree.total[node], tree.total[0]),
    share(tree.self[node], tree.total[0]),
    weight_words(tree.total[node], unit),
    "  ".repeat(level) + frame_name(names, summary, tree.fn[node]),
    module_name(names, tree.fn[node]),
  ]);
  const amount = unit === "ns" ? "time" : "samples";
  return text_table(["total", "self", amount], ["function", "module"], rows);
}

/** Of a flame graph that is coloured by change. */
export function changes_text(
  { tree, names }: Side,
  changes: FrameChanges,
  { summary }: Shown,
  measure: Measure,
): string {
  const rows = visible(tree).map(({ node, level }) => {
    const amount = { before: changes.before[node], after: changes.after[node], z: changes.z[node] };
    return [
      measure_words(amount.before, measure),
      measure_words(amount.after, measure),
      change_words(amount, measure),
      "  ".repeat(level) + frame_name(names, summary, tree.fn[node]),
      module_name(names, tree.fn[node]),
    ];
  });
  return text_table(["before", "after", "change"], ["function", "module"], rows);
}

function visible(tree: CallTree): { node: number; level: number }[] {
  const found: { node: number; level: number }[] = [];
  const add = (node: number, level: number) => {
    for (const child of tree.children(node)) {
      if (tree.total[child] < LEAST_SHARE * tree.total[0]) break;
      found.push({ node: child, level });
      add(child, level + 1);
    }
  };
  add(0, 0);
  return found;
}
