import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, lanes_between, row_at, rows_within } from "../src/rows";
import { summary_of, thread } from "./fake_source";

const summary = summary_of([
  thread(10, 10, "db", "db"),
  thread(10, 11, "writer", "db"),
  thread(20, 20, "bash", "bash"),
  { kind: "cpu", cpu: 0, running: 5, stalled: 0 },
]);
const plain = {
  mode: "threads" as const,
  filter: "",
  closed: new Set<number>(),
  chart_height: () => 0,
};

test("threads stand below the heading of their process; a single thread needs none", () => {
  const { rows } = arrange(summary, plain);
  assert.deepEqual(
    rows.map((row) => (row.kind === "lane" ? row.lane : row.name)),
    ["db", 0, 1, 2],
  );
});

test("rows follow each other without overlap", () => {
  const { rows, height } = arrange(summary, {
    ...plain,
    chart_height: (lane) => (lane === 1 ? 90 : 0),
  });
  rows.forEach((row, i) => i > 0 && assert.ok(row.y >= rows[i - 1].y + rows[i - 1].height));
  assert.ok(height >= rows[3].y + rows[3].height);
});

test("a closed process shows its heading alone", () => {
  const { rows, of_lane } = arrange(summary, { ...plain, closed: new Set([10]) });
  assert.equal(rows.length, 2);
  assert.equal(of_lane.has(1), false);
});

test("the filter looks at names and ids of thread and process", () => {
  const shown = (filter: string) => [...arrange(summary, { ...plain, filter }).of_lane.keys()];
  assert.deepEqual(shown("WRIT"), [1]);
  assert.deepEqual(shown("db 11"), [1]);
  assert.deepEqual(shown("20"), [2]);
  assert.deepEqual(shown("nothing"), []);
});

test("CPUs have lanes of their own", () => {
  assert.deepEqual([...arrange(summary, { ...plain, mode: "cpus" }).of_lane.keys()], [3]);
});

test("rows are found by height", () => {
  const layout = arrange(summary, plain);
  for (const row of layout.rows) {
    assert.equal(layout.rows[row_at(layout, row.y)], row);
    assert.equal(layout.rows[row_at(layout, row.y + row.height - 1)], row);
  }
  assert.equal(rows_within(layout, 0, layout.height).length, 4);
});

test("dragging over a closed process selects all of its threads", () => {
  const layout = arrange(summary, { ...plain, closed: new Set([10]) });
  assert.deepEqual(lanes_between(layout, 3, 5), [0, 1]);
  assert.deepEqual(lanes_between(layout, layout.height - 1, 0), [0, 1, 2]);
});
