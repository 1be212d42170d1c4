// Functions of the whole capture whose name contains what was typed.

import type { JSX } from "preact";
import { count, plural } from "./format";
import { Grid, ShareCell, type Column, type GridRow } from "./grid";
import { Answered, Bar, FrameName, toggle_highlight, type Shown } from "./panel_parts";
import { module_name, place_of, text_table } from "./panel_words";
import { lanes_of, type Range, type Source } from "./source";
import { use_answer } from "./use_answer";

interface SearchResultsProps extends Shown {
  source: Source;
  /** Not empty. */
  text: string;
  on_show(lanes: number[], range: Range): void;
}

const COLUMNS: Column[] = [
  { title: "Self", width: "74px", right: true, hint: "Of all samples of the capture" },
  { title: "Samples", width: "78px", right: true },
  { title: "Total", width: "74px", right: true, hint: "And in all it called" },
  { title: "Samples", width: "78px", right: true },
  { title: "Function", width: "minmax(200px, 1fr)" },
  { title: "Module", width: "150px", quiet: true },
];

export function SearchResults(props: SearchResultsProps): JSX.Element {
  const { source, names, summary, text } = props;
  const answer = use_answer(text, () => source.search(text));
  const show_all = () =>
    props.on_show(lanes_of(summary.lanes, "thread"), { from: 0, to: summary.duration });
  return (
    <Answered
      answer={answer}
      empty={({ total }) =>
        total > 0
          ? null
          : summary.has.samples
            ? `No function that was sampled has “${text}” in its name.`
            : "This capture has no samples, so no function can be found in it."
      }
    >
      {({ found, total }) => {
        const row = (index: number): GridRow => {
          const [fn, self, all] = found[index];
          return {
            key: String(fn),
            marked: fn === props.highlight,
            hint: place_of(names, fn, 0),
            cells: [
              <ShareCell part={self} whole={summary.samples} />,
              count(self),
              <ShareCell part={all} whole={summary.samples} />,
              count(all),
              <FrameName name={names.names[fn]} kernel={names.kernel[fn] === 1} />,
              module_name(names, fn),
            ],
          };
        };
        const as_text = () =>
          text_table(
            ["self", "total"],
            ["function", "module"],
            found.map(([fn, self, all]) => [
              count(self),
              count(all),
              names.names[fn],
              module_name(names, fn),
            ]),
          );
        const more = total > found.length ? `, the first ${count(found.length)} are shown` : "";
        return (
          <>
            <Bar text={as_text}>
              <span>
                {plural(total, "function")} with “{text}” in the name{more}
              </span>
              <button
                type="button"
                onClick={show_all}
                title="Select all threads and the whole capture"
              >
                Show all of the capture
              </button>
            </Bar>
            <Grid
              label={`Functions with ${text} in their name`}
              columns={COLUMNS}
              count={found.length}
              row={row}
              on_pick={(index) => toggle_highlight(props, found[index][0])}
            />
          </>
        );
      }}
    </Answered>
  );
}
