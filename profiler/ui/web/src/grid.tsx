// A table that draws only the rows that are seen, so that a hundred thousand of them cost nothing.
// With levels it is a tree. Keyboard and roles are those of the ARIA patterns grid and treegrid: one
// stop of the tab key, arrows walk, Right opens, Left closes, Enter picks.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { own_keys, scroll_into_view, use_scroller } from "./elements";
import { share } from "./panel_words";

const ROW_HEIGHT = 20;
const HEAD_HEIGHT = 22;

export interface Column {
  title: string;
  /** A track of a CSS grid. */
  width: string;
  right?: boolean;
  hint?: string;
  /** What is only looked up. */
  quiet?: boolean;
  sortable?: boolean;
}

export interface GridRow {
  key: string;
  cells: ComponentChildren[];
  /** From 1; of a tree. */
  level?: number;
  /** Undefined: there is nothing below it. */
  open?: boolean;
  /** Text of the tree's or name's cell when the mouse rests on it. */
  hint?: string;
  marked?: boolean;
  faint?: boolean;
}

export interface Sorting {
  column: number;
  descending: boolean;
}

/** The same column again turns around; numbers begin with the largest, words with A. */
export function next_sorting(last: Sorting, column: number, is_number: boolean): Sorting {
  const descending = last.column === column ? !last.descending : is_number;
  return { column, descending };
}

interface GridProps {
  label: string;
  columns: Column[];
  count: number;
  row(index: number): GridRow;
  /** Column that shows the levels. */
  tree?: number;
  sorted?: Sorting;
  on_sort?(column: number): void;
  /** Opens the row, or closes it. */
  on_turn?(index: number): void;
  /** Opens the row and the largest below it, down to where it forks. */
  on_open_largest?(index: number): void;
  on_pick?(index: number): void;
  /** Row to begin at; another number scrolls there. */
  begin?: number;
}

export function Grid(props: GridProps): JSX.Element {
  const { columns, count, row } = props;
  const { scroller, seen, look } = use_scroller();
  const [active, set_active] = useState(-1);
  const [id] = useState(() => `grid-${Math.random().toString(36).slice(2)}`);

  useEffect(() => {
    if (props.begin === undefined || !scroller.current) return;
    const middle = (scroller.current.clientHeight - HEAD_HEIGHT) / 2;
    scroller.current.scrollTop = Math.max(0, props.begin * ROW_HEIGHT - middle);
    set_active(props.begin);
  }, [props.begin]);

  const walk_to = (index: number) => {
    const next = Math.max(0, Math.min(count - 1, index));
    set_active(next);
    // The head stands above the rows and hides as much of them.
    scroll_into_view(scroller.current!, next * ROW_HEIGHT, HEAD_HEIGHT + ROW_HEIGHT);
  };
  const on_key = own_keys((key) => {
    if (count === 0) return false;
    const page = Math.max(1, Math.floor(seen.height / ROW_HEIGHT) - 2);
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    };
    if (!(key in steps)) return active >= 0 && active < count && act(props, active, key, walk_to);
    walk_to(steps[key]);
    return true;
  });

  const first = Math.max(0, Math.floor(seen.top / ROW_HEIGHT) - 5);
  const last = Math.min(count, Math.ceil((seen.top + seen.height) / ROW_HEIGHT) + 5);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  const tracks = columns.map((column) => column.width).join(" ");
  return (
    <div
      ref={scroller}
      class="grid"
      role={props.tree === undefined ? "grid" : "treegrid"}
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-activedescendant={active >= first && active < last ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={on_key}
      onFocus={() => active < 0 && count > 0 && set_active(0)}
      onScroll={look}
    >
      <Head {...props} tracks={tracks} />
      <div class="grid-body" role="rowgroup" style={{ height: count * ROW_HEIGHT }}>
        {shown.map((index) => (
          <GridLine
            key={index}
            id={`${id}-${index}`}
            index={index}
            row={row(index)}
            grid={props}
            tracks={tracks}
            is_active={index === active}
            on_activate={() => set_active(index)}
          />
        ))}
      </div>
    </div>
  );
}

/** What a key does with a row; false if nothing. */
function act(props: GridProps, at: number, key: string, walk_to: (row: number) => void): boolean {
  const { open, level } = props.row(at);
  switch (key) {
    case "ArrowRight":
      if (open === false) props.on_turn?.(at);
      else if (open) walk_to(at + 1);
      return props.tree !== undefined;
    case "ArrowLeft":
      if (open) props.on_turn?.(at);
      else if (level !== undefined) walk_to(row_of_parent(props, at, level));
      return props.tree !== undefined;
    case "*":
      props.on_open_largest?.(at);
      return true;
    case "Enter":
    case " ":
      props.on_pick?.(at);
      return true;
    default:
      return false;
  }
}

function row_of_parent(props: GridProps, at: number, level: number): number {
  for (let index = at - 1; index >= 0; index--)
    if ((props.row(index).level ?? 0) < level) return index;
  return at;
}

function Head(props: GridProps & { tracks: string }): JSX.Element {
  const { columns, sorted } = props;
  return (
    <div
      class="grid-head"
      role="row"
      aria-rowindex={1}
      style={{ gridTemplateColumns: props.tracks }}
    >
      {columns.map((column, i) => {
        const order =
          sorted?.column !== i ? undefined : sorted.descending ? "descending" : "ascending";
        const arrow = order === undefined ? "" : order === "descending" ? " ▾" : " ▴";
        return (
          <div
            role="columnheader"
            aria-sort={column.sortable ? (order ?? "none") : undefined}
            class={column.right ? "number" : undefined}
            title={column.hint}
          >
            {column.sortable ? (
              <button type="button" onClick={() => props.on_sort?.(i)}>
                {column.title + arrow}
              </button>
            ) : (
              column.title
            )}
          </div>
        );
      })}
    </div>
  );
}

interface GridLineProps {
  id: string;
  index: number;
  row: GridRow;
  grid: GridProps;
  tracks: string;
  is_active: boolean;
  on_activate(): void;
}

function GridLine(props: GridLineProps): JSX.Element {
  const { row, grid, index } = props;
  const classes = [
    "grid-row",
    props.is_active && "active",
    row.marked && "marked",
    row.faint && "faint",
  ];
  const pick = () => {
    props.on_activate();
    grid.on_pick?.(index);
  };
  return (
    <div
      id={props.id}
      role="row"
      class={classes.filter(Boolean).join(" ")}
      aria-rowindex={index + 2}
      aria-level={row.level}
      aria-expanded={row.open}
      aria-selected={row.marked ?? false}
      style={{ gridTemplateColumns: props.tracks, top: index * ROW_HEIGHT }}
      onClick={pick}
      onDblClick={() => row.open !== undefined && grid.on_turn?.(index)}
    >
      {row.cells.map((cell, i) => (
        <div
          role="gridcell"
          class={cell_class(grid.columns[i])}
          title={i === (grid.tree ?? -1) ? row.hint : typeof cell === "string" ? cell : undefined}
        >
          {i === grid.tree && <Twisty row={row} on_turn={() => grid.on_turn?.(index)} />}
          {cell}
        </div>
      ))}
    </div>
  );
}

function cell_class({ right, quiet }: Column): string {
  return `${right ? "number" : ""} ${quiet ? "quiet" : ""}`.trim();
}

// Deeper levels are not indented further: the name would leave the screen.
const MOST_INDENT = 40;

function Twisty(props: { row: GridRow; on_turn(): void }): JSX.Element {
  const { open, level } = props.row;
  const turn = (event: MouseEvent) => {
    event.stopPropagation();
    if (open !== undefined) props.on_turn();
  };
  return (
    <span
      class="twisty"
      aria-hidden="true"
      style={{ marginLeft: 12 * Math.min(MOST_INDENT, (level ?? 1) - 1) }}
      onClick={turn}
      onDblClick={(event) => event.stopPropagation()}
    >
      {open === undefined ? "" : open ? "▾" : "▸"}
    </span>
  );
}

/** A share as a number over a bar of its length. */
export function ShareCell({ part, whole }: { part: number; whole: number }): JSX.Element {
  const width = whole > 0 ? `${(100 * part) / whole}%` : "0";
  return (
    <span class="share">
      <i style={{ width }} />
      <span>{share(part, whole)}</span>
    </span>
  );
}
