// The line above a flame graph: where the zoom is, how much is highlighted, and what can be done there.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { path_to, total_of } from "./call_tree";
import type { FlameGraphProps } from "./flame_graph";
import { CopyButton, Toggle } from "./panel_parts";
import { frame_name, share, weight_words } from "./panel_words";
import { short_name } from "./short_name";

interface CrumbsProps extends FlameGraphProps {
  zoom: number;
  on_zoom(node: number): void;
  root_below: boolean;
  on_root_below(is_below: boolean): void;
}

// More callers than this are not read; the nearest are what tells where one is.
const MOST_CRUMBS = 4;

export function Crumbs(props: CrumbsProps): JSX.Element {
  const { tree, names, summary, zoom } = props;
  const path = path_to(tree, zoom);
  const left_out = Math.max(0, path.length - MOST_CRUMBS);
  const crumb = (node: number, words: string) => (
    <button
      type="button"
      class="crumb"
      aria-current={node === zoom}
      onClick={() => props.on_zoom(node)}
    >
      {words}
    </button>
  );
  return (
    <nav class="crumbs" aria-label="Zoom">
      {crumb(0, `all ${weight_words(tree.total[0], props.unit)}`)}
      {left_out > 0 && <span class="faint">… {left_out} more</span>}
      {path
        .slice(left_out)
        .map((node) => crumb(node, short_name(frame_name(names, summary, tree.fn[node]))))}
      {zoom !== 0 && <span class="faint">{share(tree.total[zoom], tree.total[0])}</span>}
      <span class="push" />
      <Highlighted {...props} />
      <OfZoomed {...props} />
      <Toggle
        label="Direction"
        chosen={props.root_below ? "flames" : "icicles"}
        on_choose={(to) => props.on_root_below(to === "flames")}
        choices={[
          { value: "flames", words: "Flames" },
          { value: "icicles", words: "Icicles" },
        ]}
      />
      {props.text && <CopyButton text={props.text} />}
    </nav>
  );
}

/** How much of all goes through the highlighted function. */
function Highlighted(props: CrumbsProps): JSX.Element | null {
  const { tree, names, summary, highlight } = props;
  const total = useMemo(
    () => (highlight === null ? 0 : total_of(tree, highlight)),
    [tree, highlight],
  );
  if (highlight === null) return null;
  const name = short_name(frame_name(names, summary, highlight));
  return (
    <>
      <span class="highlighted" title={frame_name(names, summary, highlight)}>
        {name}
      </span>
      <span>{total > 0 ? share(total, tree.total[0]) : "not in this selection"}</span>
      <button type="button" onClick={() => props.on_highlight(null)}>
        Highlight off
      </button>
    </>
  );
}

/** What can be done with the function that is zoomed into. */
function OfZoomed(props: CrumbsProps): JSX.Element | null {
  const fn = props.tree.fn[props.zoom];
  if (props.zoom === 0 || fn < 0) return null;
  return (
    <>
      {props.highlight !== fn && (
        <button type="button" onClick={() => props.on_highlight(fn)}>
          Highlight
        </button>
      )}
      {props.on_source && (
        <button type="button" onClick={() => props.on_source?.(fn)}>
          Source
        </button>
      )}
    </>
  );
}
