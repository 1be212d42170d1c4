// What capture this is, going from freeze to freeze, threads or CPUs, search, and the page's tools.

import type { Actions } from "./actions";
import { base_name, duration, plural, short_count } from "./format";
import { longest_freeze, title_of } from "./freezes";
import { ChevronLeft, ChevronRight, Help, Moon, Picture, Search, Sun } from "./icons";
import type { Mode } from "./rows";
import type { Summary } from "./source";
import { type Store, use_state } from "./state";

interface Props {
  store: Store;
  summary: Summary;
  actions: Actions | null;
  dark: boolean;
  on_picture(): void;
}

export function TopBar({ store, summary, actions, dark, on_picture }: Props) {
  const { search } = use_state(store, "search");
  return (
    <header class="top">
      <Mark />
      <Capture summary={summary} />
      <span class="grow" />
      <FreezeSteps store={store} summary={summary} actions={actions} />
      <Modes store={store} actions={actions} />
      <label class="search-box">
        <Search />
        <input
          class="search"
          type="search"
          placeholder="Search functions"
          aria-label="Search functions of the whole capture"
          value={search}
          onInput={(event) => store.set({ search: event.currentTarget.value, panels_open: true })}
        />
      </label>
      <button class="tool" title="Save what is on the screen as a picture" onClick={on_picture}>
        <Picture />
      </button>
      <button
        class="tool"
        title={dark ? "Light colours" : "Dark colours"}
        onClick={() => store.set({ dark: !dark })}
      >
        {dark ? <Sun /> : <Moon />}
      </button>
      <button class="tool" title="Keys and pointer (?)" onClick={() => store.set({ help: true })}>
        <Help />
      </button>
    </header>
  );
}

function Mark() {
  return (
    <span class="mark">
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <rect x="1" y="3" width="18" height="4" rx="1" class="mark-run" />
        <rect x="1" y="8.5" width="6" height="4" rx="1" class="mark-run" />
        <rect x="8" y="8.5" width="11" height="4" rx="1" class="mark-wait" />
        <rect x="1" y="14" width="11" height="4" rx="1" class="mark-wait" />
        <rect x="13" y="14" width="6" height="4" rx="1" class="mark-run" />
      </svg>
      thaw
    </span>
  );
}

function hint_of({ file, command, started, events, samples, sample_hz, clock }: Summary): string {
  const counts = `${plural(events, "event")}, ${plural(samples, "sample")}`;
  const how = samples > 0 ? `${counts} (${sample_hz} Hz, ${clock})` : counts;
  return [file, command, started, how].filter(Boolean).join("\n");
}

function Capture({ summary }: { summary: Summary }) {
  const parts = [
    duration(summary.duration),
    summary.kernel && `Linux ${summary.kernel.replace(/^Linux /, "")}`,
    plural(summary.cpus, "CPU"),
    `${short_count(summary.events)} events`,
    summary.samples > 0 && `${short_count(summary.samples)} samples`,
  ].filter(Boolean);
  return (
    <span class="capture" title={hint_of(summary)}>
      <b>{base_name(summary.file)}</b>
      <span class="faint">{[summary.command, ...parts].filter(Boolean).join("  ·  ")}</span>
    </span>
  );
}

function FreezeSteps({ store, summary, actions }: Pick<Props, "store" | "summary" | "actions">) {
  const { freeze } = use_state(store, "freeze");
  const { freezes } = summary;
  const longest = longest_freeze(freezes);
  if (longest === null) return <span class="freezes none">no freezes</span>;
  const here = freeze === null ? undefined : freezes[freeze];
  const words = here
    ? `freeze ${(freeze as number) + 1} of ${freezes.length} · ${duration(here.length)}`
    : `${plural(freezes.length, "freeze")} · longest ${duration(freezes[longest].length)}`;
  return (
    <span class="freezes" title={here ? title_of(here) : undefined}>
      <button class="tool" title="Freeze before (Shift+N)" onClick={() => actions?.freeze(-1)}>
        <ChevronLeft />
      </button>
      <button class="freeze-words" aria-live="polite" onClick={() => actions?.open_freeze(null)}>
        {words}
      </button>
      <button class="tool" title="Next freeze (N)" onClick={() => actions?.freeze(1)}>
        <ChevronRight />
      </button>
    </span>
  );
}

function Modes({ store, actions }: Pick<Props, "store" | "actions">) {
  const { mode } = use_state(store, "mode");
  const one = (is: Mode, word: string) => (
    <button aria-pressed={mode === is} onClick={() => actions?.set_mode(is)}>
      {word}
    </button>
  );
  return (
    <span class="modes" role="group" aria-label="Lanes are">
      {one("threads", "Threads")}
      {one("cpus", "CPUs")}
    </span>
  );
}
