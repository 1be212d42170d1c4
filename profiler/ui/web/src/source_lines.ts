// Samples per line of one source file. Pure.

import type { Names, StackRow } from "./source";

export interface LineCost {
  /** Stacks whose last frame is at the line. */
  self: number;
  /** Stacks that go through the line; one that does so more than once counts once. */
  total: number;
}

/** By line, from 1. Of all functions of the file, inlined ones too, or of one alone. */
export function line_costs(
  rows: StackRow[],
  names: Names,
  file: string,
  fn: number | null = null,
): Map<number, LineCost> {
  const costs = new Map<number, LineCost>();
  const is_wanted = names.files.map((of, each) => (fn === null ? of === file : each === fn));
  // Per line the last stack that was counted.
  const seen = new Map<number, number>();
  rows.forEach(([leaf, weight], stack) => {
    for (let node = leaf; node > 0; node = names.parents[node]) {
      const line = names.lines[node];
      if (line === 0 || !is_wanted[names.functions[node]]) continue;
      let cost = costs.get(line);
      if (!cost) costs.set(line, (cost = { self: 0, total: 0 }));
      if (node === leaf) cost.self += weight;
      if (seen.get(line) !== stack) cost.total += weight;
      seen.set(line, stack);
    }
  });
  return costs;
}

/** The line with most of its own, or else that most goes through; 0 if there is none. */
export function hottest_line(costs: Map<number, LineCost>): number {
  let best = 0;
  for (const [line, cost] of costs) {
    const than = costs.get(best);
    if (!than || cost.self > than.self || (cost.self === than.self && cost.total > than.total))
      best = line;
  }
  return best;
}
