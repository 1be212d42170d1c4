// Below the lanes: what is selected and how its time was spent, and what the colours mean.

import type { Actions } from "./actions";
import { use_copy } from "./clipboard";
import { duration, percent } from "./format";
import { Close, Copy, Fit, Pin } from "./icons";
import { by_length, lane_times } from "./lane_times";
import { as_text, describe, effective, whole_of } from "./selection";
import type { Source, Summary } from "./source";
import { type Store, use_state } from "./state";
import { use_answer } from "./use_answer";

interface Props {
  store: Store;
  source: Source;
  summary: Summary;
  actions: Actions | null;
}

export function StatusBar({ store, source, summary, actions }: Props) {
  const { lanes, range, mode, baseline } = use_state(store, "lanes", "range", "mode", "baseline");
  const selection = effective(store.state, summary);
  const question = `${mode} ${lanes.join(",")} ${range?.from} ${range?.to}`;
  const answer = use_answer(question, async () => {
    const sums = await lane_times(source, selection, summary.classes, summary.finest);
    return by_length(sums, summary.classes);
  });
  const times = answer.value ?? [];
  const { copied, copy } = use_copy();
  const is_chosen = lanes.length > 0 || range !== null;
  const whole = whole_of(selection, times, summary);

  return (
    <div class="status" role="status" aria-live="polite">
      <b class="what">{describe(store.state, summary)}</b>
      <span class="times">
        <span class="times-list">
          {times.map(({ class: index, name, ns }) => (
            <span
              class="time"
              title={`${name}: ${duration(ns)}, ${percent(ns, whole)} of the lanes' time`}
            >
              <i
                class={`swatch${summary.classes[index].kind === "stalled" ? " stalled" : ""}`}
                style={{ background: `var(--class-${index})` }}
              />
              {name} <span class="faint">{percent(ns, whole)}</span>
            </span>
          ))}
        </span>
      </span>
      <span class="said">
        {copied === null ? "" : copied ? "copied" : "the browser refused to copy"}
      </span>
      <button
        class="tool"
        title="Fit to the screen (F)"
        disabled={!range}
        onClick={() => actions?.show_selection()}
      >
        <Fit />
      </button>
      <button
        class="tool"
        title="Copy this selection as text"
        onClick={() => void copy(as_text(selection, times, summary))}
      >
        <Copy />
      </button>
      <button
        class={`tool${baseline ? " on" : ""}`}
        title={baseline ? "Compare with nothing any more" : "Compare others with this selection"}
        aria-pressed={baseline !== null}
        onClick={() => store.set({ baseline: baseline ? null : selection })}
      >
        <Pin />
      </button>
      <button
        class="tool"
        title="Clear the selection (Esc)"
        disabled={!is_chosen}
        onClick={() => store.set({ lanes: [], range: null })}
      >
        <Close />
      </button>
    </div>
  );
}
