// What the reader should know before believing the picture: damage, losses, what was not recorded.
// One line with a count that opens; it cannot be put away.

import { useState } from "preact/hooks";
import { count, plural } from "./format";
import { ChevronDown, ChevronRight, Warning } from "./icons";
import type { Summary } from "./source";

function headline(notes: number, losses: Summary["losses"]): string {
  const parts: string[] = [];
  if (notes > 0) parts.push(plural(notes, "note"));
  if (losses.length > 0) {
    const sum = losses.reduce((total, loss) => total + loss.count, 0);
    parts.push(`${plural(losses.length, "kind")} of loss (${count(sum)} in all)`);
  }
  return parts.join(", ");
}

export function Notes({ summary }: { summary: Summary }) {
  const [open, set_open] = useState(false);
  const { notes } = summary;
  if (notes.length === 0 && summary.losses.length === 0) return null;
  return (
    <section class="notes" aria-label="Notes and losses">
      <button class="notes-head" aria-expanded={open} onClick={() => set_open(!open)}>
        {open ? <ChevronDown /> : <ChevronRight />}
        <Warning />
        <span>{headline(notes.length, summary.losses)}</span>
        {!open && <span class="faint notes-first">{notes[0] ?? summary.losses[0].words}</span>}
      </button>
      {open && (
        <ul>
          {notes.map((note) => (
            <li>{note}</li>
          ))}
          {summary.losses.map(({ name, count: n, words }) => (
            <li>
              <b>{count(n)}</b> {name}: {words}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
