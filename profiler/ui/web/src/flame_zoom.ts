// Which frame a flame graph is zoomed into, and the way back. A zoom is remembered by its path of
// functions, so that it stays where it is when the selection changes.

import { useMemo, useState } from "preact/hooks";
import type { FrameTree } from "./call_tree";
import { functions_to, node_of } from "./flame_layout";

interface Place {
  path: number[];
  /** Where the reader was before, the last at the end. */
  before: number[][];
}

interface Zoom {
  node: number;
  /** For `back`: where the zoom is now. */
  place: Place;
  go_to(node: number): void;
  /** From a place or from here; false where there is nothing to go back to. */
  back(from?: Place): boolean;
}

export function use_zoom(tree: FrameTree): Zoom {
  const [place, set_place] = useState<Place>({ path: [], before: [] });
  const node = useMemo(() => node_of(tree, place.path), [tree, place.path]);
  return {
    node,
    place,
    go_to: (to) => {
      if (to === node) return;
      set_place({ path: functions_to(tree, to), before: [...place.before, place.path] });
    },
    back: (from = place) => {
      const path = from.before[from.before.length - 1] ?? [];
      set_place({ path, before: from.before.slice(0, -1) });
      return from.path.length > 0 || from.before.length > 0;
    },
  };
}
