// What a frame under the mouse is: beside the mouse, within the window.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { FlameGraphProps } from "./flame_graph";
import { frame_name, place_of, share, weight_words } from "./panel_words";

interface FlameHoverProps extends FlameGraphProps {
  node: number;
  x: number;
  y: number;
}

const FROM_MOUSE = 14;

export function FlameHover(props: FlameHoverProps): JSX.Element {
  const { tree, names, summary, unit, node, x, y } = props;
  const fn = tree.fn[node];
  const box = useRef<HTMLDivElement>(null);
  const [place, set_place] = useState({ left: x + FROM_MOUSE, top: y + FROM_MOUSE });

  useLayoutEffect(() => {
    const { width, height } = box.current!.getBoundingClientRect();
    const fits_right = x + FROM_MOUSE + width < window.innerWidth;
    const fits_below = y + FROM_MOUSE + height < window.innerHeight;
    set_place({
      left: fits_right ? x + FROM_MOUSE : Math.max(0, x - FROM_MOUSE - width),
      top: fits_below ? y + FROM_MOUSE : Math.max(0, y - FROM_MOUSE - height),
    });
  }, [x, y, node]);

  const marks = [
    fn >= 0 && names.kernel[fn] ? "kernel" : "",
    tree.inlined[node] ? "inlined into its caller" : "",
  ].filter(Boolean);
  const source = place_of(names, fn, tree.line[node]);
  const line = (words: string, value: number) => (
    <tr>
      <th>{words}</th>
      <td>{share(value, tree.total[0])}</td>
      <td>{weight_words(value, unit)}</td>
    </tr>
  );
  return (
    <div ref={box} class="flame-hover" role="presentation" style={place}>
      <b>{node === 0 ? "all" : frame_name(names, summary, fn)}</b>
      {fn >= 0 && (
        <div class="faint">{[names.modules[fn], ...marks].filter(Boolean).join(" · ")}</div>
      )}
      {source && <div class="faint">{source}</div>}
      <table>
        <tbody>
          {line("total", tree.total[node])}
          {line("self", tree.self[node])}
        </tbody>
      </table>
      {props.note && <div>{props.note(node)}</div>}
    </div>
  );
}
