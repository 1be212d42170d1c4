// Where the page begins: finds its data, reads its address, draws.
//
// Tests have window.thaw:
//   ready     resolves when the summary is there and the first frame is drawn
//   frames()  ms from when each of the last frames was asked for (time of the input, if it was one)
//             until it was drawn, the newest last
//   works()   ms of drawing alone of the same frames
//   clear()   forgets both
//   state()   the state (state.ts), and `rows`, `busy` (tiles are missing or under way)
//   summary() what the source said

import { render } from "preact";
import type { Actions } from "./actions";
import { read_address } from "./address";
import { App } from "./app";
import { open_embedded } from "./embedded_source";
import { base_name } from "./format";
import { ServerSource } from "./server_source";
import type { Source, Summary } from "./source";
import { initial_state, type State, Store } from "./state";
import "./style.css";
import "./timeline.css";
import "./cards.css";

declare global {
  interface Window {
    thaw: {
      ready: Promise<void>;
      frames(): number[];
      works(): number[];
      clear(): void;
      state(): (State & { rows: number; busy: boolean }) | null;
      summary(): Summary | null;
    };
  }
}

const RETRY_MS = 2000;

let actions: Actions | null = null;
let summary: Summary | null = null;
let ready: () => void = () => undefined;

window.thaw = {
  ready: new Promise((resolve) => {
    ready = resolve;
  }),
  frames: () => actions?.timeline.frames.waits() ?? [],
  works: () => actions?.timeline.frames.works() ?? [],
  clear: () => actions?.timeline.frames.clear(),
  state: () => {
    if (!actions) return null;
    const { store, layout, cache } = actions.timeline;
    return { ...store.state, rows: layout.rows.length, busy: cache.is_busy() };
  },
  summary: () => summary,
};

function say(root: HTMLElement, words: string): void {
  render(
    <p class="page-words" role="status">
      {words}
    </p>,
    root,
  );
}

async function summary_of(source: Source, root: HTMLElement): Promise<Summary> {
  for (;;) {
    try {
      return await source.summary();
    } catch (error) {
      say(root, (error as Error).message);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function main(): Promise<void> {
  const root = document.getElementById("thaw") as HTMLElement;
  say(root, "Reading the capture …");
  const inside = await open_embedded(document).catch((error: Error) => error);
  if (inside instanceof Error) {
    say(
      root,
      `The data in this page is damaged (${inside.message}): make it again with \`thaw html\`.`,
    );
    return;
  }
  const source: Source = inside ?? new ServerSource("api");
  summary = await summary_of(source, root);
  document.title = `${base_name(summary.file)} – thaw`;
  const other = summary.has.other ? new ServerSource("other") : null;
  const store = new Store(read_address(location.hash, initial_state(summary.duration), summary));
  render(null, root);
  render(
    <App
      store={store}
      source={source}
      other={other}
      summary={summary}
      on_ready={(made) => {
        actions = made;
        requestAnimationFrame(() => requestAnimationFrame(() => ready()));
      }}
    />,
    root,
  );
}

void main();
