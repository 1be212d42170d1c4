// What is known of a freeze: how long, which CPUs, why, and where the kernel was.

import { duration, moment } from "./format";
import { Close } from "./icons";
import type { Summary } from "./source";
import { type Store, use_state } from "./state";

export function FreezeCard({ store, summary }: { store: Store; summary: Summary }) {
  const { freeze: index, freeze_open } = use_state(store, "freeze", "freeze_open");
  const freeze = index === null ? undefined : summary.freezes[index];
  if (!freeze_open || !freeze || index === null) return null;
  const { start, length, cpus, cause, program, functions } = freeze;
  return (
    <aside class="card details" aria-label="Freeze" aria-live="polite">
      <button
        class="tool close"
        aria-label="Close"
        onClick={() => store.set({ freeze_open: false })}
      >
        <Close />
      </button>
      <h2>
        Freeze {index + 1} of {summary.freezes.length}
      </h2>
      <p class="slice">
        <b>{duration(length)}</b>
        <span>
          {cpus.length === 1 ? "CPU" : "CPUs"} {cpus.join(", ")}
        </span>
        <span class="faint">from {moment(start, length / 100)}</span>
      </p>
      <p>{cause || "Its cause is not known."}</p>
      {program && (
        <p>
          in the BPF program <b>{program}</b>
        </p>
      )}
      {functions.length > 0 && (
        <section class="stack">
          <h3>kernel stack</h3>
          <ol>
            {functions.map((name) => (
              <li>{name}</li>
            ))}
          </ol>
        </section>
      )}
    </aside>
  );
}
