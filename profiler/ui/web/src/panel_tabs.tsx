// The tabs, after the ARIA pattern: one stop of the tab key, arrows choose.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { own_keys } from "./elements";

export interface Tab {
  id: string;
  words: string;
}

interface TabsProps {
  tabs: Tab[];
  active: string;
  on_choose(id: string): void;
  /** What is selected. */
  words: string;
}

export function Tabs({ tabs, active, on_choose, words }: TabsProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const on_key = own_keys((key) => {
    const at = tabs.findIndex(({ id }) => id === active);
    const steps: Record<string, number> = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    if (!(key in steps)) return false;
    on_choose(tabs[steps[key]].id);
    (list.current?.children[steps[key]] as HTMLElement | undefined)?.focus();
    return true;
  });
  return (
    <div class="panel-tabs">
      <div ref={list} class="tab-list" role="tablist" aria-label="Panels" onKeyDown={on_key}>
        {tabs.map(({ id, words }) => (
          <button
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === active}
            aria-controls="panel"
            tabIndex={id === active ? 0 : -1}
            onClick={() => on_choose(id)}
          >
            {words}
          </button>
        ))}
      </div>
      <span class="selection-words" title={words}>
        {words}
      </span>
    </div>
  );
}
