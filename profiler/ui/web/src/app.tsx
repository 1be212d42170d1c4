// The page as a whole: timeline above, panels below, and what is told to tests as window.thaw.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Actions } from "./actions";
import { read_address, write_address } from "./address";
import { own_keys } from "./elements";
import { follow } from "./gestures";
import { HelpCard } from "./help";
import { watch_keys } from "./keys";
import { Notes } from "./notes";
import { Panels } from "./panels";
import { save_picture } from "./picture";
import { effective } from "./selection";
import type { Source, Summary } from "./source";
import { type Store, use_state } from "./state";
import { StatusBar } from "./status_bar";
import { apply_theme, make_theme, type Theme } from "./theme";
import { Timeline } from "./timeline";
import { TopBar } from "./top_bar";

interface Props {
  store: Store;
  source: Source;
  other: Source | null;
  summary: Summary;
  on_ready(actions: Actions): void;
}

function use_theme(store: Store, summary: Summary): Theme {
  const { dark } = use_state(store, "dark");
  const system = useMemo(() => window.matchMedia("(prefers-color-scheme: dark)"), []);
  const [is_dark, set_dark] = useState(system.matches);
  useEffect(() => {
    const change = () => set_dark(system.matches);
    system.addEventListener("change", change);
    return () => system.removeEventListener("change", change);
  }, [system]);
  const theme = useMemo(
    () => make_theme(summary.classes, dark ?? is_dark),
    [summary, dark ?? is_dark],
  );
  useMemo(() => apply_theme(theme, document.documentElement), [theme]);
  return theme;
}

// The address follows the state, and the state an address that was typed or pasted.
function use_address(store: Store, summary: Summary): void {
  useEffect(() => {
    let timer = 0;
    const write = () => {
      const address = write_address(store.state, summary.duration);
      history.replaceState(null, "", `#${address}`);
    };
    const unwatch = store.watch(() => {
      clearTimeout(timer);
      timer = window.setTimeout(write, 250);
    });
    const read = () => store.set(read_address(location.hash, store.state, summary));
    window.addEventListener("hashchange", read);
    return () => {
      unwatch();
      window.removeEventListener("hashchange", read);
    };
  }, [store, summary]);
}

export function App({ store, source, other, summary, on_ready }: Props) {
  const theme = use_theme(store, summary);
  const [actions, set_actions] = useState<Actions | null>(null);
  const root = useRef<HTMLDivElement>(null);
  use_address(store, summary);
  useEffect(() => {
    if (!actions) return;
    on_ready(actions);
    const { inspected } = store.state;
    if (inspected) void actions.inspect(inspected.lane, inspected.time);
    return watch_keys(actions, store);
  }, [actions]);

  const picture = () => {
    const canvas = (name: string) =>
      root.current?.querySelector(`canvas.${name}`) as HTMLCanvasElement;
    const canvases = {
      overview: canvas("overview"),
      lanes: canvas("lanes"),
      overlay: canvas("overlay"),
    };
    if (actions) void save_picture(actions.timeline, canvases, theme);
  };

  return (
    <div class="app" ref={root}>
      <TopBar
        store={store}
        summary={summary}
        actions={actions}
        dark={theme.dark}
        on_picture={picture}
      />
      <Notes summary={summary} />
      <Trouble store={store} />
      <Timeline
        store={store}
        source={source}
        summary={summary}
        theme={theme}
        on_ready={set_actions}
      />
      <StatusBar store={store} source={source} summary={summary} actions={actions} />
      <Below
        store={store}
        source={source}
        other={other}
        summary={summary}
        theme={theme}
        actions={actions}
      />
      <HelpCard store={store} />
    </div>
  );
}

function Trouble({ store }: { store: Store }) {
  const { trouble } = use_state(store, "trouble");
  if (!trouble) return null;
  return (
    <p class="trouble" role="alert">
      {trouble}
    </p>
  );
}

interface BelowProps extends Omit<Props, "on_ready"> {
  theme: Theme;
  actions: Actions | null;
}

const BELOW_KEYS = [
  "lanes",
  "range",
  "mode",
  "baseline",
  "highlight",
  "tab",
  "search",
  "panels_height",
  "panels_open",
] as const;

function Below({ store, source, other, summary, theme, actions }: BelowProps) {
  const state = use_state(store, ...BELOW_KEYS);
  const { lanes, range, mode, panels_height, panels_open } = state;
  const selection = useMemo(() => effective(store.state, summary), [lanes, range, mode, summary]);
  return (
    <div
      class={`below${panels_open ? "" : " folded"}`}
      style={panels_open && panels_height ? { height: panels_height } : undefined}
    >
      <Divider store={store} />
      {panels_open && (
        <Panels
          source={source}
          summary={summary}
          selection={selection}
          baseline={state.baseline}
          other={other}
          highlight={state.highlight}
          theme={theme}
          on_highlight={(fn) => store.set({ highlight: fn })}
          on_show={(shown, at) => actions?.show(shown, at)}
          tab={state.tab}
          on_tab={(tab) => store.set({ tab })}
          search={state.search}
        />
      )}
    </div>
  );
}

// Share of the window that the panels have at first; `.below` in style.css.
const USUAL_PERCENT = 36;

/** Between timeline and panels: drag it, or the arrows move it. */
function Divider({ store }: { store: Store }) {
  const resize = (height: number) => {
    const most = window.innerHeight - 260;
    store.set({
      panels_open: true,
      panels_height: Math.min(Math.max(height, 80), Math.max(most, 80)),
    });
  };
  const height_of = (element: HTMLElement) =>
    (element.closest(".below") as HTMLElement).offsetHeight;
  const on_down = (start: PointerEvent) => {
    const element = start.currentTarget as HTMLElement;
    const height = height_of(element);
    follow(element, start, (event) => resize(height + start.clientY - event.clientY));
  };
  const on_key = own_keys((key, element) => {
    const by = key === "ArrowUp" ? 20 : key === "ArrowDown" ? -20 : 0;
    if (by !== 0) resize(height_of(element) + by);
    return by !== 0;
  });
  const { panels_open, panels_height } = use_state(store, "panels_open", "panels_height");
  const percent = !panels_open
    ? 0
    : Math.round(panels_height ? (100 * panels_height) / window.innerHeight : USUAL_PERCENT);
  return (
    <div class="divider">
      <div
        class="grip"
        role="separator"
        aria-orientation="horizontal"
        aria-label="Height of the panels"
        aria-valuenow={percent}
        aria-valuetext={`${percent} % of the window`}
        tabIndex={0}
        onPointerDown={on_down}
        onKeyDown={on_key}
      />
    </div>
  );
}
