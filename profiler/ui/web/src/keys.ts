// The keyboard. KEYS is also what the help shows.

import type { Actions } from "./actions";
import type { Store } from "./state";

interface Key {
  keys: string[];
  /** As the help names them. */
  shown: string;
  words: string;
  act(actions: Actions, store: Store): void;
}

export const KEYS: Key[] = [
  { keys: ["w", "+", "="], shown: "W  +", words: "zoom in", act: (a) => a.zoom(1 / 1.4) },
  { keys: ["s", "-"], shown: "S  −", words: "zoom out", act: (a) => a.zoom(1.4) },
  { keys: ["a", "ArrowLeft"], shown: "A  ←", words: "earlier", act: (a) => a.pan(-0.15) },
  { keys: ["d", "ArrowRight"], shown: "D  →", words: "later", act: (a) => a.pan(0.15) },
  {
    keys: ["f"],
    shown: "F",
    words: "fit the selection to the screen",
    act: (a) => a.show_selection(),
  },
  { keys: ["0"], shown: "0", words: "the whole capture", act: (a) => a.show_all() },
  { keys: ["n"], shown: "N", words: "next freeze", act: (a) => a.freeze(1) },
  { keys: ["N"], shown: "Shift+N", words: "freeze before", act: (a) => a.freeze(-1) },
  { keys: ["ArrowUp"], shown: "↑", words: "lane before", act: (a) => a.move_focus(-1) },
  { keys: ["ArrowDown"], shown: "↓", words: "lane after", act: (a) => a.move_focus(1) },
  { keys: ["PageUp"], shown: "Page ↑", words: "a screen of lanes up", act: (a) => a.scroll(-0.9) },
  { keys: ["PageDown"], shown: "Page ↓", words: "a screen down", act: (a) => a.scroll(0.9) },
  {
    keys: ["e"],
    shown: "E",
    words: "stacks of that lane (also Enter)",
    act: (a, store) => store.state.focus !== null && a.toggle_expanded(store.state.focus),
  },
  {
    keys: ["c"],
    shown: "C",
    words: "lanes are CPUs or threads",
    act: (a, store) => a.set_mode(store.state.mode === "cpus" ? "threads" : "cpus"),
  },
  {
    keys: ["/"],
    shown: "/",
    words: "search functions",
    act: () => document.querySelector<HTMLInputElement>("input.search")?.focus(),
  },
  {
    keys: ["t"],
    shown: "T",
    words: "filter threads",
    act: () => document.querySelector<HTMLInputElement>("input.filter")?.focus(),
  },
  {
    keys: ["p"],
    shown: "P",
    words: "fold the panels, show them",
    act: (_, store) => store.set({ panels_open: !store.state.panels_open }),
  },
  {
    keys: ["Escape"],
    shown: "Esc",
    words: "close, then clear the selection",
    act: (a) => a.escape(),
  },
  {
    keys: ["?"],
    shown: "?",
    words: "this help",
    act: (_, store) => store.set({ help: !store.state.help }),
  },
];

export const POINTER: [string, string][] = [
  ["wheel", "scroll lanes"],
  ["Ctrl + wheel", "zoom where the pointer is"],
  ["Shift + wheel", "earlier, later"],
  ["drag over lanes", "select lanes and time"],
  ["click", "what happened there; of a wait, who ended it"],
  ["click on the arrow", "go to who woke it"],
  ["double click", "select a stretch from beginning to end"],
  ["click on a name", "select the lane; with Ctrl one more, with Shift up to there"],
  ["drag on the overview", "zoom to it, or move what is shown"],
  ["drag on the axis", "move; so does the middle button on lanes"],
];

/** Keys of the whole page; not while one types, and not those that the browser has for itself. */
export function watch_keys(actions: Actions, store: Store): () => void {
  const handle = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const types = target.matches("input, textarea, select");
    if (types && event.key === "Escape") return target.blur();
    if (types || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // Tabs and trees of the panels have the arrows for themselves.
    const moves = event.key.startsWith("Arrow") || event.key.startsWith("Page");
    if (moves && target.closest(".panels")) return;
    const find = (name: string) => KEYS.find(({ keys }) => keys.includes(name));
    const key = find(event.key) ?? find(event.key.toLowerCase());
    if (!key) return;
    event.preventDefault();
    key.act(actions, store);
  };
  document.addEventListener("keydown", handle);
  return () => document.removeEventListener("keydown", handle);
}
