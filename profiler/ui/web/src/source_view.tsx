// The source of a function with the samples of each line: the highlighted function, or else the one
// with most of its own whose file is known.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { function_costs, type CallTree } from "./call_tree";
import { count } from "./format";
import { Grid, ShareCell, type Column } from "./grid";
import { Answered, Bar, Sentence, type Shown } from "./panel_parts";
import { frame_name, share, text_table } from "./panel_words";
import type { Source, Stacks } from "./source";
import { hottest_line, line_costs, type LineCost } from "./source_lines";
import { use_answer } from "./use_answer";

interface SourceViewProps extends Shown {
  source: Source;
  stacks: Stacks;
  tree: CallTree;
}

const COLUMNS: Column[] = [
  { title: "Self", width: "74px", right: true, hint: "Samples at this line itself" },
  {
    title: "Total",
    width: "74px",
    right: true,
    hint: "Samples at this line and in what it called",
  },
  { title: "Line", width: "56px", right: true },
  { title: "Source", width: "minmax(300px, 1fr)" },
];

export function SourceView(props: SourceViewProps): JSX.Element {
  const { source, names, summary, highlight, tree } = props;
  const hottest = useMemo(
    () => function_costs(tree).find(({ fn }) => fn >= 0 && names.files[fn])?.fn ?? null,
    [tree],
  );
  const fn = highlight ?? hottest;
  const answer = use_answer(fn === null ? null : String(fn), () => source.source(fn!));
  if (fn === null)
    return (
      <Sentence>
        No function here has a known file: its program has no debug information (DWARF). Build it
        with -g, or install its debug package.
      </Sentence>
    );
  const name = frame_name(names, summary, fn);
  return (
    <Answered
      answer={answer}
      empty={(value) =>
        value.lines ? null : `${name}: ${value.why ?? "its source is not at hand"}.`
      }
    >
      {(value) => (
        <Lines {...props} name={name} lines={value.lines!} file={value.file ?? ""} fn={fn} />
      )}
    </Answered>
  );
}

interface LinesProps extends SourceViewProps {
  name: string;
  fn: number;
  file: string;
  lines: string[];
}

function Lines(props: LinesProps): JSX.Element {
  const { names, stacks, fn, lines } = props;
  const costs = useMemo(() => line_costs(stacks.rows, names, names.files[fn]), [stacks, fn]);
  const begin = useMemo(() => hottest_line(own_costs(props) ?? costs), [costs]);
  const all = stacks.total;
  const cell = (line: number, what: keyof LineCost) => {
    const cost = costs.get(line)?.[what] ?? 0;
    return cost > 0 ? <ShareCell part={cost} whole={all} /> : "";
  };
  const text = () =>
    text_table(
      ["self", "total", "line"],
      ["source"],
      lines.map((line, i) => {
        const cost = costs.get(i + 1);
        const part = (value = 0) => (value > 0 ? share(value, all) : "");
        return [part(cost?.self), part(cost?.total), String(i + 1), line];
      }),
    );
  return (
    <>
      <Bar text={text}>
        <b>{props.name}</b>
        <span class="faint">
          {props.file}, shares of {count(all)} samples
          {props.highlight === null && "; highlight a function to see its source"}
        </span>
      </Bar>
      <Grid
        key={props.file}
        label={`Source ${props.file}`}
        columns={COLUMNS}
        count={lines.length}
        begin={begin > 0 ? begin - 1 : undefined}
        row={(index) => ({
          key: String(index),
          faint: !costs.has(index + 1),
          cells: [
            cell(index + 1, "self"),
            cell(index + 1, "total"),
            String(index + 1),
            <code>{lines[index]}</code>,
          ],
        })}
      />
    </>
  );
}

/** Lines of the function alone, to begin at; null if none of its nodes has a line. */
function own_costs({ stacks, names, fn }: LinesProps): Map<number, LineCost> | null {
  const own = line_costs(stacks.rows, names, names.files[fn], fn);
  return own.size > 0 ? own : null;
}
