import assert from "node:assert/strict";
import { test } from "node:test";
import { read_address, write_address } from "../src/address";
import { initial_state, type State } from "../src/state";
import { freeze, summary_of, thread } from "./fake_source";

const summary = summary_of([thread(1, 1), thread(1, 2), thread(1, 3), thread(1, 4)], {
  freezes: [freeze(1e8, 1e6), freeze(5e8, 3e8)],
});
const start = initial_state(summary.duration);

test("an address opens the state that wrote it", () => {
  const state: State = {
    ...start,
    view: { from: 1e8, to: 3e8 },
    mode: "cpus",
    closed: new Set([1234]),
    expanded: new Set([2]),
    lanes: [0, 1, 3],
    range: { from: 1.5e8, to: 2e8 },
    baseline: { lanes: [1], range: { from: 5, to: 500 } },
    filter: "a b&c=d#e",
    search: "std::vector<int>",
    tab: "waits",
    dark: false,
    scroll: 120,
    inspected: { lane: 2, time: 42, at: null },
  };
  const address = write_address(state, summary.duration);
  assert.match(address, /^t=100000000-300000000&y=120&lanes=0-1,3&/);
  assert.deepEqual(read_address(`#${address}`, start, summary), state);
});

test("the state at the start has an empty address", () => {
  assert.equal(write_address(start, summary.duration), "");
  assert.deepEqual(read_address("", start, summary), start);
});

test("nonsense in an address is left out", () => {
  const read = read_address(
    "#t=9-3&lanes=7,x,1-2,-&open=0-99999999999&at=99@1&base=x&freeze=17&sel=",
    start,
    summary,
  );
  assert.deepEqual(read.lanes, [1, 2]);
  assert.deepEqual(read.view, start.view);
  assert.deepEqual([...read.expanded], [0, 1, 2, 3]);
  assert.equal(read.inspected, null);
  assert.equal(read.baseline, null);
  assert.equal(read.freeze, null);
});

test("a freeze can be opened by number and the longest by its word", () => {
  const first = read_address("#freeze=1", start, summary);
  assert.equal(first.freeze, 0);
  assert.ok(first.view.from < 1e8 && first.view.to > 1.01e8 && first.view.to < 2e8);
  const longest = read_address("#freeze=longest", start, summary);
  assert.equal(longest.freeze, 1);
  assert.ok(longest.view.from < 5e8 && longest.view.to > 8e8);
});
