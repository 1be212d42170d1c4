// What is selected, and what shares of it are of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Actions } from "../src/actions";
import { KEYS } from "../src/keys";
import { arrange } from "../src/rows";
import { as_text, describe, effective } from "../src/selection";
import { initial_state, Store } from "../src/state";
import type { TimelineView } from "../src/timeline_view";
import { summary_of, thread } from "./fake_source";

const cpu = (id: number) => ({ kind: "cpu" as const, cpu: id, running: 1, stalled: 0 });
const summary = summary_of([thread(1, 1), thread(1, 2), cpu(0), cpu(1)]);

function given() {
  const store = new Store(initial_state(summary.duration));
  const plain = { filter: "", closed: new Set<number>(), chart_height: () => 0 };
  const timeline = {
    store,
    summary,
    get layout() {
      return arrange(summary, { ...plain, mode: store.state.mode });
    },
    reveal: () => undefined,
  };
  return { store, actions: new Actions(timeline as unknown as TimelineView) };
}

test("lanes that are no longer shown are no longer chosen, whatever changed the mode", () => {
  const changes: ((actions: Actions, store: Store) => void)[] = [
    (actions) => actions.set_mode("cpus"),
    (actions, store) => KEYS.find(({ keys }) => keys.includes("c"))?.act(actions, store),
    (actions) => actions.show_lane(3),
  ];
  for (const change of changes) {
    const { store, actions } = given();
    actions.toggle_lane(0, true);
    change(actions, store);
    assert.deepEqual(effective(store.state, summary).lanes, [2, 3]);
    assert.equal(describe(store.state, summary), "all CPUs, whole capture");
  }
});

test("lanes that are still shown stay chosen", () => {
  const { store, actions } = given();
  actions.toggle_lane(0, true);
  actions.show_lane(1);
  assert.deepEqual(store.state.lanes, [0]);
});

test("shares are of the time of CPUs, idle too, and of the time that threads were there", () => {
  const times = [{ class: 0, name: "running", ns: 25 }];
  const range = { from: 0, to: 100 };
  assert.match(as_text({ lanes: [2], range }, times, summary), /running .* 25 %/);
  assert.match(as_text({ lanes: [0], range }, times, summary), /running .* 100 %/);
});
