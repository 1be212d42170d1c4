// The functions of the selection, by what was spent in them.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { function_costs, type CallTree, type FunctionCost } from "./call_tree";
import { plural } from "./format";
import { Grid, next_sorting, ShareCell, type Column, type GridRow, type Sorting } from "./grid";
import { Bar, FrameName, toggle_highlight, type Shown } from "./panel_parts";
import { frame_name, module_name, share, text_table, weight_words } from "./panel_words";

interface FunctionTableProps extends Shown {
  tree: CallTree;
}

const SELF = 0;
const TOTAL = 2;
const NAME = 4;
const MODULE = 5;

const COLUMNS: Column[] = [
  { title: "Self", width: "74px", right: true, sortable: true, hint: "In the function itself" },
  { title: "Samples", width: "78px", right: true },
  {
    title: "Total",
    width: "74px",
    right: true,
    sortable: true,
    hint: "And in all it called; a stack counts once",
  },
  { title: "Samples", width: "78px", right: true },
  { title: "Function", width: "minmax(200px, 1fr)", sortable: true },
  { title: "Module", width: "minmax(120px, 240px)", sortable: true, quiet: true },
];

// As many as `text` prints: more than anybody pastes.
const MOST_IN_TEXT = 100;

export function FunctionTable(props: FunctionTableProps): JSX.Element {
  const { tree, names, summary, highlight } = props;
  const [sorting, set_sorting] = useState<Sorting>({ column: SELF, descending: true });
  const costs = useMemo(() => function_costs(tree), [tree]);
  const sorted = useMemo(() => sort(costs, sorting, props), [costs, sorting]);
  const all = tree.total[0];

  const row = (index: number): GridRow => {
    const { fn, self, total } = sorted[index];
    return {
      key: String(fn),
      marked: fn === highlight,
      cells: [
        <ShareCell part={self} whole={all} />,
        weight_words(self, "samples"),
        <ShareCell part={total} whole={all} />,
        weight_words(total, "samples"),
        <FrameName name={frame_name(names, summary, fn)} kernel={names.kernel[fn] === 1} />,
        module_name(names, fn),
      ],
    };
  };
  const text = () =>
    text_table(
      ["self", "total"],
      ["function", "module"],
      sorted
        .slice(0, MOST_IN_TEXT)
        .map(({ fn, self, total }) => [
          share(self, all),
          share(total, all),
          frame_name(names, summary, fn),
          module_name(names, fn),
        ]),
    );

  return (
    <>
      <Bar text={text}>
        <span class="faint">
          {plural(sorted.length, "function")}; click or Enter highlights one everywhere
        </span>
      </Bar>
      <Grid
        label="Functions"
        columns={COLUMNS}
        count={sorted.length}
        row={row}
        sorted={sorting}
        on_sort={(column) => set_sorting(next_sorting(sorting, column, column < NAME))}
        on_pick={(index) => toggle_highlight(props, sorted[index].fn)}
      />
    </>
  );
}

function sort(costs: FunctionCost[], sorting: Sorting, { names, summary }: Shown): FunctionCost[] {
  const name = (cost: FunctionCost) => frame_name(names, summary, cost.fn);
  const module = (cost: FunctionCost) => module_name(names, cost.fn);
  const orders: Record<number, (a: FunctionCost, b: FunctionCost) => number> = {
    [SELF]: (a, b) => a.self - b.self || a.total - b.total,
    [TOTAL]: (a, b) => a.total - b.total || a.self - b.self,
    [NAME]: (a, b) => name(a).localeCompare(name(b)),
    [MODULE]: (a, b) => module(a).localeCompare(module(b)) || b.self - a.self,
  };
  const ascending = [...costs].sort(orders[sorting.column] ?? orders[SELF]);
  return sorting.descending ? ascending.reverse() : ascending;
}
