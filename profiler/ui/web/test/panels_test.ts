// What the panels decide without a browser: where flames are, which rows are open, waits by reason,
// samples of lines, and words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build_tree, InvertedTree, total_of } from "../src/call_tree";
import { EmbeddedSource } from "../src/embedded_source";
import { next_frame } from "../src/flame_keys";
import { functions_to, layout_flames, node_of } from "../src/flame_layout";
import { largest_paths, open_rows } from "../src/open_rows";
import { lanes_words, share, text_table } from "../src/panel_words";
import { short_name } from "../src/short_name";
import { stretch_at } from "../src/sorted";
import type { StackRow } from "../src/source";
import { hottest_line, line_costs } from "../src/source_lines";
import { reasons_of, stacks_of } from "../src/waits";
import { CaptureBuilder } from "./block";

async function given(rows: [frames: string[], weight: number, index?: number][]) {
  const builder = new CaptureBuilder(1);
  const made = rows.map(([frames, n, index = 0]): StackRow => [builder.node(frames), n, 1, index]);
  const { names } = await EmbeddedSource.open(builder.base64());
  const tree = build_tree(made, names);
  const names_of = (nodes: number[]) => nodes.map((node) => names.names[tree.fn[node]] ?? "all");
  return { rows: made, names, tree, names_of, fn: (name: string) => builder.fn(name) };
}

const STACKS: [string[], number][] = [
  [["main", "work", "leaf"], 60],
  [["main", "work"], 20],
  [["main", "rest"], 19],
  [["main", "tiny"], 1],
];

test("flames are as wide as their share, and what is too narrow is left out", async () => {
  const { tree, names_of } = await given(STACKS);
  const rows = layout_flames(tree, 0, 40);
  assert.deepEqual(
    rows.map((row) => names_of(row.nodes)),
    [["all"], ["main"], ["work", "rest"], ["leaf"]],
  );
  assert.deepEqual(
    [rows[2].left, rows[2].right.map(Math.round)],
    [
      [0, 32],
      [32, 40],
    ],
  );
  const frame_at = (row: number, x: number) => stretch_at(rows[row].left, rows[row].right, x);
  assert.equal(frame_at(2, 33), 1);
  assert.equal(frame_at(3, 30), -1, "beside the frames there is none");
});

test("a frame that is zoomed into has the whole width, as have its callers", async () => {
  const { tree, names_of } = await given(STACKS);
  const work = layout_flames(tree, 0, 1000)[2].nodes[0];
  const rows = layout_flames(tree, work, 1000);
  assert.deepEqual(
    rows.map((row) => names_of(row.nodes)),
    [["all"], ["main"], ["work"], ["leaf"]],
  );
  assert.equal(rows[2].right[0], 1000);
  assert.equal(Math.round(rows[3].right[0]), 750);
});

test("a zoom is found again in another tree, or as much of it as is there", async () => {
  const { tree, rows, names } = await given(STACKS);
  const leaf = layout_flames(tree, 0, 1000)[3].nodes[0];
  const path = functions_to(tree, leaf);
  assert.equal(node_of(tree, path), leaf);
  const without = build_tree(rows.slice(1), names);
  assert.equal(names.names[without.fn[node_of(without, path)]], "work");
});

test("arrows lead to callers, callees and neighbours", async () => {
  const { tree, names_of } = await given(STACKS);
  const rows = layout_flames(tree, 0, 1000);
  const walk = (keys: string[], root_below: boolean) =>
    names_of([keys.reduce((node, key) => next_frame(rows, node, key, root_below) ?? -1, 0)])[0];
  assert.equal(walk(["ArrowUp", "ArrowUp", "ArrowUp"], true), "leaf");
  assert.equal(walk(["ArrowDown", "ArrowDown", "ArrowRight"], false), "rest");
  assert.equal(
    walk(["ArrowUp", "ArrowUp", "ArrowRight", "ArrowUp"], true),
    "rest",
    "it calls nothing",
  );
  assert.equal(walk(["ArrowUp", "ArrowUp", "ArrowRight", "ArrowDown"], true), "main");
  assert.equal(next_frame(rows, 0, "q", true), null);
});

test("the largest path opens to where it forks", async () => {
  const { tree, names } = await given(STACKS);
  const open = new Set(largest_paths(tree, 0, ""));
  const seen = open_rows(tree, open).map(
    ({ node, level }) => `${level} ${names.names[tree.fn[node]]}`,
  );
  assert.deepEqual(seen, ["1 main", "2 work", "3 leaf", "2 rest", "2 tiny"]);
  assert.equal(open_rows(new InvertedTree(tree), new Set()).length, 4);
});

test("a highlighted function has its share, recursion counted once", async () => {
  const { tree, fn } = await given([
    [["f", "g", "f"], 5],
    [["g"], 2],
  ]);
  assert.deepEqual([total_of(tree, fn("f")), total_of(tree, fn("g"))], [5, 7]);
});

test("waits are by reason, and each stack names what is not the kernel's", async () => {
  const { rows, names } = await given([
    [["main", "lock:4", "futex_k", "schedule_k"], 50, 3],
    [["main", "lock:9", "futex_k", "schedule_k"], 30, 3],
    [["main", "read", "io_k"], 70, 4],
    [["kworker_k"], 5, 3],
  ]);

  const reasons = reasons_of(rows);
  assert.deepEqual(
    reasons.map(({ index, time, count }) => [index, time, count]),
    [
      [3, 85, 3],
      [4, 70, 1],
    ],
  );
  const [lock, worker] = stacks_of(reasons[0], names);
  assert.deepEqual([lock.time, lock.count], [80, 2]);
  assert.deepEqual(
    lock.frames.map(({ fn }) => names.names[fn]),
    ["schedule_k", "futex_k", "lock", "main"],
  );
  assert.equal(names.names[lock.frames[lock.telling].fn], "lock");
  assert.deepEqual([worker.telling, worker.time], [0, 5]);
});

test("of the C library's frames the one that the program called is telling", async () => {
  const { rows, names } = await given([[["main", "wait", "wait_common", "futex_k"], 5, 3]]);
  for (const name of ["wait", "wait_common"])
    names.modules[names.names.indexOf(name)] = "/usr/lib/libc.so.6";
  const [stack] = stacks_of(reasons_of(rows)[0], names);
  assert.equal(names.names[stack.frames[stack.telling].fn], "wait");
});

test("lines of a file have their samples, a stack once per line", async () => {
  const { rows, names, fn } = await given([
    [["main:10", "f:20", "f:20", "get_inline:5"], 6],
    [["main:10", "f:21"], 3],
    [["main:11", "read_k"], 4],
    [["main"], 9],
  ]);
  const costs = line_costs(rows, names, "app.c");
  const seen = [...costs]
    .sort(([a], [b]) => a - b)
    .map(([line, { self, total }]) => [line, self, total]);
  assert.deepEqual(seen, [
    [5, 6, 6],
    [10, 0, 9],
    [11, 0, 4],
    [20, 0, 6],
    [21, 3, 3],
  ]);
  assert.equal(hottest_line(costs), 5);
  assert.equal(hottest_line(line_costs(rows, names, "app.c", fn("f"))), 21);
  assert.equal(hottest_line(new Map()), 0);
});

test("names are shortened to what tells them apart", () => {
  const names: [string, string][] = [
    ["main", "main"],
    ["shop::json::write(shop::json::Value const&, std::string&)", "shop::json::write"],
    ["std::vector<int, std::allocator<int> >::push_back(int const&)", "std::vector<…>::push_back"],
    ["(anonymous namespace)::run(int)", "(anonymous namespace)::run"],
    ["a::operator()(int) const", "a::operator()"],
    ["a::operator<(b)", "a::operator<"],
    ["a::operator->() const", "a::operator->"],
    ["unsigned long sum<unsigned long>(int)", "sum<…>"],
    ["std::vector<int> f<int>(int) const", "f<…>"],
    ["a<int>::operator bool() const", "a<…>::operator bool"],
    ["operator new(unsigned long)", "operator new"],
    [
      "std::string std::operator+ <char, std::allocator<char> >(std::string&&, char const*)",
      "std::operator+<…>",
    ],
    ["std::string std::operator+<char>(char const*)", "std::operator+<…>"],
    ["std::ostream& std::operator<< <char>(std::ostream&, char)", "std::operator<<<…>"],
    ["a::operator-(b const&)", "a::operator-"],
    ["LazyCompile:~render /srv/app.js:10", "LazyCompile:~render /srv/app.js:10"],
    ["a::(anonymous namespace)::f(int)", "a::(anonymous namespace)::f"],
    ["f(int)::{lambda(int)#1}::operator()(int) const", "f::{lambda(int)#1}::operator()"],
    [
      "core::ops::function::FnOnce::call_once{{vtable.shim}}",
      "core::ops::function::FnOnce::call_once{{vtable.shim}}",
    ],
    [
      "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
      "<alloc::vec::Vec<…> as core::ops::Drop>::drop",
    ],
    ["f<(lambda at a.cc:1:2)>", "f<…>"],
    ["[kernel]", "[kernel]"],
  ];
  for (const [long, short] of names) assert.equal(short_name(long), short);
});

test("tables as text are aligned, whatever the letters", () => {
  const text = text_table(
    ["self"],
    ["function", "module"],
    [
      ["5.0 %", "größe", "a"],
      ["15.0 %", "f", ""],
    ],
  );
  assert.equal(text, "  self  function  module\n 5.0 %  größe     a\n15.0 %  f\n");
  assert.equal(share(1, 3), "33.3 %");
  assert.equal(share(0, 0), "0.0 %");
});

test("a table as text has room for every line of a long file", () => {
  const rows = Array.from({ length: 300_000 }, (_, i) => [String(i + 1), "x"]);
  const text = text_table(["line"], ["source"], rows);
  assert.ok(text.startsWith("  line  source\n     1  x\n"));
  assert.ok(text.endsWith("\n300000  x\n"));
});

test("a selection is named by its one lane, or counted", () => {
  const { lanes } = new CaptureBuilder(3).summary();
  assert.equal(lanes_words(lanes, [1]), "thread 1 101");
  assert.equal(lanes_words(lanes, [0, 2]), "2 threads");
  assert.equal(
    lanes_words([...lanes, { kind: "cpu", cpu: 3, running: 0, stalled: 0 }], [0, 3]),
    "1 thread and 1 CPU",
  );
});
