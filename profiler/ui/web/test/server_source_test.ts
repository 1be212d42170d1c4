import assert from "node:assert/strict";
import { test } from "node:test";
import { lane_list, ServerSource } from "../src/server_source";
import { Names } from "../src/source";

const names = (first: number, count: number) => ({
  first_node: first,
  parents: Array(count).fill(0),
  functions: Array(count).fill(0),
  lines: Array(count).fill(0),
  inlined: Array(count).fill(0),
  first_function: 0,
  names: first === 0 ? ["main"] : [],
  modules: [],
  files: [],
  kernel: [],
});

test("lanes are listed with their runs", () => {
  assert.equal(lane_list([3, 5, 6, 7, 8, 9]), "3,5-9");
  assert.equal(lane_list([]), "");
});

test("questions that bring names wait for each other", async () => {
  const asked: string[] = [];
  let under_way = 0;
  const source = new ServerSource("api", async (url) => {
    assert.equal(++under_way, 1);
    asked.push(url);
    const known = Number(/known=(\d+)/.exec(decodeURIComponent(url))?.[1]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    under_way--;
    return Response.json({ boxes: [], merged: false, names: names(known, 10) });
  });
  const range = { from: 0.4, to: 9.5 };
  await Promise.all([
    source.boxes(1, range, 5),
    source.stacks([1], range, "running"),
    source.at(1, 3),
  ]);
  assert.equal(source.names.parents.length, 30);
  assert.match(asked[0], /^api\/boxes\?lane=1&from=0&to=10&most=5&known=0%2C0$/);
  assert.match(asked[2], /known=20%2C1$/);
});

test("a question that failed does not hold up the next", async () => {
  let first = true;
  const source = new ServerSource("api", async () => {
    const status = first ? 400 : 200;
    first = false;
    return new Response(status === 400 ? "no such lane\n" : '{"slice":null}', { status });
  });
  await assert.rejects(source.at(99, 0), { message: "no such lane" });
  assert.deepEqual(await source.at(1, 0), { slice: null });
});

test("a server that is gone is said with what to do", async () => {
  const source = new ServerSource("api", () => Promise.reject(new TypeError("fetch failed")));
  await assert.rejects(
    source.summary(),
    /^Error: The server of this page has ended: start `thaw view` again/,
  );
});

test("a hundred thousand names can be added at once", () => {
  const known = new Names();
  known.add(names(0, 300_000));
  known.add(names(299_990, 20));
  assert.equal(known.parents.length, 300_010);
  assert.equal(known.known(), "300010,1");
});
