// Keys and pointer, on `?`.

import { useEffect, useRef } from "preact/hooks";
import { Close } from "./icons";
import { KEYS, POINTER } from "./keys";
import { type Store, use_state } from "./state";

export function HelpCard({ store }: { store: Store }) {
  const { help } = use_state(store, "help");
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!help) return;
    const before = document.activeElement as HTMLElement | null;
    card.current?.focus();
    return () => before?.focus();
  }, [help]);
  if (!help) return null;
  const close = () => store.set({ help: false });
  return (
    <div class="veil" onClick={close}>
      <div
        ref={card}
        class="card help"
        role="dialog"
        aria-modal="true"
        aria-label="Keys and pointer"
        tabIndex={-1}
        onClick={(event) => event.stopPropagation()}
      >
        <button class="tool close" aria-label="Close" onClick={close}>
          <Close />
        </button>
        <div class="help-columns">
          <section>
            <h2>Keys</h2>
            <dl>
              {KEYS.map(({ shown, words }) => [
                <dt>
                  {shown.split("  ").map((key) => (
                    <kbd>{key}</kbd>
                  ))}
                </dt>,
                <dd>{words}</dd>,
              ])}
            </dl>
          </section>
          <section>
            <h2>Pointer</h2>
            <dl>{POINTER.map(([what, words]) => [<dt>{what}</dt>, <dd>{words}</dd>])}</dl>
          </section>
        </div>
        <p class="faint">
          Green: it ran; its height is how much of that time. Hatched green: it had a CPU and the
          CPU stood still. Red bands: freezes of the machine. The address of this page opens this
          view again.
        </p>
      </div>
    </div>
  );
}
