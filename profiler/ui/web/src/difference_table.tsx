// Functions before and after.

import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { change_words, measure_words } from "./change_words";
import {
  function_changes,
  is_noise,
  type Amount,
  type FunctionChange,
  type Measure,
  type Side,
} from "./difference";
import { base_name } from "./format";
import { Grid, next_sorting, type Column, type GridRow, type Sorting } from "./grid";
import { Bar, FrameName, toggle_highlight, type Shown } from "./panel_parts";
import { text_table } from "./panel_words";

export interface Compared {
  side: Side;
  words: string;
}

interface DifferenceTableProps extends Shown {
  bar: ComponentChildren;
  before: Compared;
  after: Compared;
  measure: Measure;
}

const CHANGE = 2;
const NAME = 6;

const amount_columns = (title: string, width: string): Column[] => [
  { title: `${title} before`, width, right: true, sortable: true },
  { title: "after", width: "64px", right: true, sortable: true },
  {
    title: "Change",
    width: "88px",
    right: true,
    sortable: true,
    hint: "* beyond chance: |z| ≥ 2; grey may be chance",
  },
];
const COLUMNS: Column[] = [
  ...amount_columns("Self", "84px"),
  ...amount_columns("Total", "92px"),
  { title: "Function", width: "minmax(180px, 1fr)", sortable: true },
  { title: "Module", width: "140px", quiet: true },
];

const MOST_IN_TEXT = 100;

export function DifferenceTable(props: DifferenceTableProps): JSX.Element {
  const { before, after, measure, names, highlight } = props;
  const [sorting, set_sorting] = useState<Sorting>({ column: CHANGE, descending: true });
  const changes = useMemo(
    () => function_changes(before.side, after.side, measure),
    [before, after, measure],
  );
  const sorted = useMemo(() => sort(changes, sorting), [changes, sorting]);
  /** Its number in the names of this page's capture. */
  const own = (change: FunctionChange) =>
    (after.side.names === names ? change.fn_after : null) ??
    (before.side.names === names ? change.fn_before : null);

  const row = (index: number): GridRow => {
    const change = sorted[index];
    return {
      key: `${change.name} ${change.module}`,
      marked: highlight !== null && own(change) === highlight,
      cells: [
        measure_words(change.self.before, measure),
        measure_words(change.self.after, measure),
        <Change amount={change.self} measure={measure} />,
        measure_words(change.total.before, measure),
        measure_words(change.total.after, measure),
        <Change amount={change.total} measure={measure} />,
        <FrameName name={change.name} kernel={change.kernel} />,
        base_name(change.module),
      ],
    };
  };
  const on_pick = (index: number) => {
    const fn = own(sorted[index]);
    if (fn !== null) toggle_highlight(props, fn);
  };
  const text = () =>
    `before: ${before.words}\nafter:  ${after.words}\n` +
    `${measure === "share" ? "shares of samples" : "ms of CPU time per second"}; * beyond chance\n\n` +
    text_table(
      ["self before", "after", "change", "total before", "after", "change"],
      ["function", "module"],
      sorted
        .slice(0, MOST_IN_TEXT)
        .map((change) => [
          ...texts_of(change.self, measure),
          ...texts_of(change.total, measure),
          change.name,
          base_name(change.module),
        ]),
    );

  return (
    <>
      <Bar text={text}>{props.bar}</Bar>
      <Grid
        label="Functions before and after"
        columns={COLUMNS}
        count={sorted.length}
        row={row}
        sorted={sorting}
        on_sort={(column) => set_sorting(next_sorting(sorting, column, column < NAME))}
        on_pick={on_pick}
      />
    </>
  );
}

function texts_of(amount: Amount, measure: Measure): string[] {
  return [
    measure_words(amount.before, measure),
    measure_words(amount.after, measure),
    change_words(amount, measure),
  ];
}

function Change(props: { amount: Amount; measure: Measure }): JSX.Element {
  const { amount, measure } = props;
  const what = is_noise(amount.z) ? "noise" : amount.after > amount.before ? "more" : "less";
  return (
    <span class={`change ${what}`} title={`z = ${amount.z.toFixed(1)}`}>
      {change_words(amount, measure)}
    </span>
  );
}

/** By column; changes by their size, those beyond chance before the others. */
function sort(changes: FunctionChange[], sorting: Sorting): FunctionChange[] {
  const size = (amount: Amount) =>
    Math.abs(amount.after - amount.before) + (is_noise(amount.z) ? 0 : 1e6);
  const values: ((change: FunctionChange) => number)[] = [
    (change) => change.self.before,
    (change) => change.self.after,
    (change) => size(change.self),
    (change) => change.total.before,
    (change) => change.total.after,
    (change) => size(change.total),
  ];
  const value = values[sorting.column];
  const ascending = [...changes].sort((a, b) =>
    value ? value(a) - value(b) : a.name.localeCompare(b.name),
  );
  return sorting.descending ? ascending.reverse() : ascending;
}
