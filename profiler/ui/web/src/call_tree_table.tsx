// The call tree as a table that opens: from the outermost callers, or inverted, from the functions
// that ran to their callers.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { InvertedTree, type CallTree, type FrameTree } from "./call_tree";
import { Grid, ShareCell, type Column, type GridRow } from "./grid";
import { has_children, largest_paths, open_rows } from "./open_rows";
import { Bar, FrameName, Toggle, toggle_highlight, type Shown } from "./panel_parts";
import { frame_name, module_name, place_of, share, text_table, weight_words } from "./panel_words";
import { toggled } from "./state";

interface CallTreeTableProps extends Shown {
  tree: CallTree;
}

type Order = "callees" | "callers";

const FUNCTION = 4;

function columns_of(order: Order): Column[] {
  const self_hint =
    order === "callees"
      ? "In the function itself"
      : "Callers have none here: it is all of the first row";
  return [
    { title: "Total", width: "74px", right: true, hint: "In the function and all it called" },
    { title: "Samples", width: "78px", right: true },
    { title: "Self", width: "74px", right: true, hint: self_hint },
    { title: "Samples", width: "78px", right: true },
    { title: "Function", width: "minmax(200px, 1fr)" },
    { title: "Module", width: "150px", quiet: true },
  ];
}

export function CallTreeTable(props: CallTreeTableProps): JSX.Element {
  const { tree: called, names, summary, highlight } = props;
  const [order, set_order] = useState<Order>("callees");
  const tree: FrameTree = useMemo(
    () => (order === "callees" ? called : new InvertedTree(called)),
    [called, order],
  );
  const [open_of, set_open_of] = useState<Record<Order, ReadonlySet<string>>>(() => ({
    callees: new Set(largest_paths(called, 0, "")),
    callers: new Set(),
  }));
  const open = open_of[order];
  const set_open = (next: ReadonlySet<string>) => set_open_of({ ...open_of, [order]: next });
  const rows = useMemo(() => open_rows(tree, open), [tree, open]);

  const all = tree.total[0];
  const row = (index: number): GridRow => {
    const { node, level, path } = rows[index];
    const fn = tree.fn[node];
    const name = frame_name(names, summary, fn);
    const self = tree.self[node];
    return {
      key: path,
      level,
      open: has_children(tree, node) ? open.has(path) : undefined,
      marked: fn === highlight,
      hint: [name, place_of(names, fn, tree.line[node])].filter(Boolean).join("\n"),
      cells: [
        <ShareCell part={tree.total[node]} whole={all} />,
        weight_words(tree.total[node], "samples"),
        self > 0 ? share(self, all) : "",
        self > 0 ? weight_words(self, "samples") : "",
        <FrameName
          name={name}
          kernel={names.kernel[fn] === 1}
          inlined={tree.inlined[node] === 1}
        />,
        module_name(names, fn),
      ],
    };
  };

  const on_open_largest = (index: number) => {
    const { node, path } = rows[index];
    set_open(new Set([...open, ...largest_paths(tree, node, path)]));
  };
  const text = () => {
    const cells = rows.map(({ node, level }) => [
      share(tree.total[node], all),
      share(tree.self[node], all),
      "  ".repeat(level - 1) + frame_name(names, summary, tree.fn[node]),
      module_name(names, tree.fn[node]),
    ]);
    const title = order === "callees" ? "function" : "function, its callers below it";
    return text_table(["total", "self"], [title, "module"], cells);
  };

  return (
    <>
      <Bar text={text}>
        <Toggle
          label="Order"
          chosen={order}
          on_choose={(next) => set_order(next)}
          choices={[
            { value: "callees", words: "From callers" },
            { value: "callers", words: "Inverted" },
          ]}
        />
        <span class="faint">Right opens, Left closes, * opens the largest, Enter highlights</span>
      </Bar>
      <Grid
        key={order}
        label={order === "callees" ? "Call tree" : "Call tree, inverted"}
        columns={columns_of(order)}
        tree={FUNCTION}
        count={rows.length}
        row={row}
        on_turn={(index) => set_open(toggled(open, rows[index].path))}
        on_open_largest={on_open_largest}
        on_pick={(index) => toggle_highlight(props, tree.fn[rows[index].node])}
      />
    </>
  );
}
