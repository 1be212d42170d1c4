// Below the lanes: what is selected and how its time was spent, and what the colours mean.

import { useEffect, useState } from "preact/hooks";
import { duration, percent } from "./format";
import { Close, Copy, Fit, Pin } from "./icons";
import { by_length, lane_times, type StateTime } from "./lane_times";
import type { Selection } from "./panels";
import type { Mode } from "./rows";
import { as_text, describe, effective } from "./selection";
import type { Source, Summary } from "./source";
import { type Store, use_state } from "./state";
import type { Actions } from "./actions";

interface Props {
  store: Store;
  source: Source;
  summary: Summary;
  actions: Actions | null;
}

// While one drags, not every step is worth a question.
const SETTLE_MS = 120;

function use_times({ store, source, summary }: Props): StateTime[] | null {
  const state = use_state(store, "lanes", "range", "mode");
  const { lanes, range, mode } = state;
  const [times, set_times] = useState<StateTime[] | null>(null);
  useEffect(() => {
    let is_current = true;
    const timer = setTimeout(async () => {
      const selection = effective(store.state, summary);
      const sums = await lane_times(source, selection, summary.classes, summary.finest).catch(
        () => null,
      );
      if (is_current && sums) set_times(by_length(sums, summary.classes));
    }, SETTLE_MS);
    return () => {
      is_current = false;
      clearTimeout(timer);
    };
  }, [source, summary, lanes, range, mode]);
  return times;
}

export function StatusBar(props: Props) {
  const { store, summary, actions } = props;
  const { lanes, range, mode, baseline } = use_state(store, "lanes", "range", "mode", "baseline");
  const times = use_times(props);
  const [said, set_said] = useState("");
  const is_chosen = lanes.length > 0 || range !== null;
  const whole = whole_of(times ?? [], effective(store.state, summary), mode);

  const copy = async () => {
    const text = as_text(effective(store.state, summary), times ?? [], summary);
    set_said((await copy_text(text)) ? "copied" : "the browser refused to copy");
    setTimeout(() => set_said(""), 1800);
  };
  const pin = () => store.set({ baseline: baseline ? null : effective(store.state, summary) });

  return (
    <div class="status" role="status" aria-live="polite">
      <b class="what">{describe(store.state, summary)}</b>
      <span class="times">
        <span class="times-list">
          {times?.map(({ class: index, name, ns }) => (
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
      <span class="said">{said}</span>
      <button
        class="tool"
        title="Fit to the screen (F)"
        disabled={!range}
        onClick={() => actions?.show_selection()}
      >
        <Fit />
      </button>
      <button class="tool" title="Copy this selection as text" onClick={() => void copy()}>
        <Copy />
      </button>
      <button
        class={`tool${baseline ? " on" : ""}`}
        title={baseline ? "Compare with nothing any more" : "Compare others with this selection"}
        aria-pressed={baseline !== null}
        onClick={pin}
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

// What a share is of: of threads, the time they were there; of CPUs, all of it, idle too.
function whole_of(times: StateTime[], { lanes, range }: Selection, mode: Mode): number {
  if (mode === "cpus") return lanes.length * (range.to - range.from);
  return times.reduce((sum, { ns }) => sum + ns, 0);
}

/** False if the browser does not let the page copy. */
export async function copy_text(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages of files and of plain HTTP have no clipboard object; the old way works there.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
