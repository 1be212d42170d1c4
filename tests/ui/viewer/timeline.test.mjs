// Reading a recording: lanes, stacks of a lane, who woke whom, search, keyboard, and taking away what was found: as an
// address, as text, as a picture. Two threads of one process that wake each other over a pipe, recorded here.

import assert from 'node:assert';
import fs from 'node:fs';
import { before, beforeEach, test } from 'node:test';
import zlib from 'node:zlib';

import { copied, drawn, flame_total, is_quiet, number, open_drawn, panel, place, record, serve, settled, state_of, summary_of, thaw, thaw_json, until } from './support.mjs';

const file = record('waits', ['waits', '--over', 'pipe', '--seconds', '1'], '--max-overhead', '100');
let server, page, summary;
const lane_of = (name) => summary.lanes.findIndex((lane) => lane.name === name);

before(async () => {
  server = await serve(file);
  page = await open_drawn(server.address);
  summary = await summary_of(page);
});

/** The page anew, at an address. */
async function go(words) {
  await page.goto('about:blank');
  await page.goto(`${server.address}${words ? `#${words}` : ''}`);
  await drawn(page);
}
beforeEach(() => go(''));

/** A wait of ping in the middle of the capture, that pong ended: [start, end]. */
function wait_of_ping() {
  const { start_ns } = thaw_json('info', file);
  const [ping, pong] = ['ping', 'pong'].map((name) => summary.lanes[lane_of(name)].tid);
  const events = [];
  for (const line of thaw('dump', file).split('\n')) {
    const [, time, kind, tid, other, detail] = /^(\d+) \d+ (sched_switch|sched_wakeup) tid=(\d+) .*?other_tid=(\d+)(?: detail=(\d+))?/.exec(line) ?? [];
    // Of a switch, detail 1: it sleeps, and is not just taken off its CPU.
    const counts = kind === 'sched_switch' ? detail === '1' : Number(other) === pong;
    if (Number(tid) === ping && counts) events.push([Number(BigInt(time) - BigInt(start_ns)), kind]);
  }
  events.sort(([a], [b]) => a - b);
  for (let i = events.length >> 1; i < events.length - 1; i++)
    if (events[i][1] === 'sched_switch' && events[i + 1][1] === 'sched_wakeup' && events[i + 1][0] - events[i][0] > 1000)
      return [events[i][0], events[i + 1][0]];
  return assert.fail('ping never waited for pong');
}

test('a click on a wait names who ended it, and a click on that goes there', async () => {
  const [from, to] = wait_of_ping();
  await go(`t=${from - 30_000}-${to + 30_000}`);
  const [ping, pong] = [lane_of('ping'), lane_of('pong')];
  const details = page.getByRole('complementary', { name: 'Details' });
  const point = await place(page, ping, (from + to) / 2);
  await page.mouse.click(point.x, point.y);
  await details.getByRole('heading', { name: `ping ${summary.lanes[ping].tid}` }).waitFor();
  // Were another moment than the wait's clicked on, this says which.
  const pipe = details.getByText('pipe').first();
  await pipe.waitFor({ timeout: 10_000 }).catch(async () =>
    assert.fail(`no wait on a pipe from ${from} to ${to}: ${JSON.stringify(await state_of(page))}, ${await details.innerText()}`));
  const waker = details.getByRole('button', { name: `pong ${summary.lanes[pong].tid} →` });
  await waker.click();
  await details.getByRole('heading', { name: `pong ${summary.lanes[pong].tid}` }).waitFor();
  const { inspected, focus } = await state_of(page);
  assert.strictEqual(inspected.lane, pong);
  assert.strictEqual(focus, pong);
  assert.strictEqual(inspected.time, to);
});

test('details of a thread that ran say where', async () => {
  const lane = lane_of('pong');
  const answer = await page.evaluate(
    async ([address, lane, at]) => (await fetch(`${address}api/at?lane=${lane}&time=${at}&known=0,0`)).json(),
    [server.address, lane, Math.floor(summary.duration / 2)],
  );
  assert.ok(answer.slice, JSON.stringify(answer));
  const { start, end } = answer.slice;
  await go(`t=${start}-${end}`);
  const point = await place(page, lane, (start + end) / 2);
  await page.mouse.click(point.x, point.y);
  const details = page.getByRole('complementary', { name: 'Details' });
  const words = await details.locator('.slice').innerText();
  const { kind } = summary.classes[answer.slice.class];
  if (kind === 'running' || kind === 'stalled') assert.match(words, new RegExp(`on CPU ${answer.slice.cpu}`));
  else assert.doesNotMatch(words, /on CPU|null|undefined/);
});

/** The longest stretch of one stack of a lane, in the middle of the capture: as addresses have it, with room around. */
async function boxes_in_middle(lane) {
  const middle = Math.floor(summary.duration / 2);
  const { boxes } = await (await fetch(`${server.address}api/boxes?lane=${lane}&from=${middle}&to=${middle + 50_000_000}&most=100000&known=0,0`)).json();
  const [start, end] = boxes.filter(([, , , node]) => node > 0).reduce((best, box) => (box[1] - box[0] > best[1] - best[0] ? box : best));
  const room = Math.ceil((end - start) / 4) + 100;
  return `${start - room}-${end + room}`;
}

test('an expanded thread shows its stacks, each box with a name', async () => {
  const lane = lane_of('ping');
  await go(`t=${await boxes_in_middle(lane)}`);
  const height = () => page.locator(`#lane-${lane}`).evaluate((element) => element.offsetHeight);
  const folded = await height();
  await page.locator(`#lane-${lane}`).getByRole('button', { name: 'Show stacks' }).click();
  await page.waitForFunction(([id, before]) => document.getElementById(id).offsetHeight > before + 40, [`lane-${lane}`, folded]);
  await settled(page);
  const row = await page.locator(`#lane-${lane}`).boundingBox();
  const area = await page.locator('canvas.overlay').boundingBox();
  const known = new Set(thaw_json('report', file).functions.map(({ name }) => name));
  const named = new Set();
  // From the outermost function, in the middle of what of the chart is on the screen.
  for (let y = row.y + 24 + 7; y < Math.min(row.y + row.height, area.y + area.height); y += 15) {
    await page.mouse.move(area.x + area.width / 2, y);
    const words = await page.locator('.tooltip').evaluate((element) => [...element.children].map((line) => line.textContent));
    words.forEach((line) => known.has(line) && named.add(line));
  }
  assert.ok(named.size >= 3, `boxes are named as functions of the report: ${[...named]}`);
  await page.locator(`#lane-${lane}`).getByRole('button', { name: 'Hide stacks' }).click();
  await page.waitForFunction(([id, before]) => document.getElementById(id).offsetHeight === before, [`lane-${lane}`, folded]);
});

test('a box that is clicked is highlighted in the flame graph', async () => {
  const lane = lane_of('ping');
  await go(`open=${lane}&t=${await boxes_in_middle(lane)}`);
  await page.waitForFunction((id) => document.getElementById(id)?.offsetHeight > 60, `lane-${lane}`);
  await settled(page);
  const row = await page.locator(`#lane-${lane}`).boundingBox();
  const area = await page.locator('canvas.overlay').boundingBox();
  await page.mouse.click(area.x + area.width / 2, row.y + 24 + 8 + 16);
  await until(page, () => window.thaw.state().highlight !== null);
  await page.getByRole('button', { name: 'Highlight off' }).click();
  await until(page, () => window.thaw.state().highlight === null);
});

test('threads are filtered by name', async () => {
  await page.keyboard.press('t');
  await page.keyboard.type('pong');
  await until(page, () => window.thaw.state().filter === 'pong' && window.thaw.state().rows === 2);
  await page.getByText('1 of 3 threads').waitFor();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('nobody has this name');
  await page.getByText('has “nobody has this name” in its name or id').waitFor();
});

test('functions are found by a part of their name, with the samples of the report', async () => {
  const { functions } = thaw_json('report', file);
  const wanted = functions.filter(({ name }) => name.toLowerCase().includes('write'));
  await page.keyboard.press('/');
  await page.keyboard.type('WRITE');
  const grid = page.getByRole('grid', { name: /Functions with/ });
  await grid.locator('.grid-row').first().waitFor();
  const rows = await grid.locator('.grid-row').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => (cell.querySelector('.frame-name') ?? cell).lastChild.textContent)));
  assert.ok(rows.length > 0);
  for (const [, self, , total, name] of rows) {
    const known = wanted.filter((f) => f.name === name);
    assert.ok(known.some((f) => f.self === number(self) && f.total === number(total)), `${name}: ${self}, ${total}`);
  }
  await page.getByText(new RegExp(`${wanted.length} functions? with “WRITE” in the name`)).waitFor();
});

test('the address opens the same view again', async () => {
  const { duration } = summary;
  const [ping, pong] = [lane_of('ping'), lane_of('pong')];
  const point = await place(page, ping, duration * 0.4);
  await page.keyboard.press('w');
  await page.mouse.click(point.x, point.y);
  await page.locator(`#lane-${pong} .name-text`).click();
  await page.locator(`#lane-${ping} .name-text`).click({ modifiers: ['Control'] });
  await page.keyboard.press('e');
  await panel(page, 'Waits');
  await page.locator('button.tool[title="Dark colours"], button.tool[title="Light colours"]').click();
  const kept = ({ view, lanes, range, expanded, closed, mode, tab, filter, search, dark, scroll }) => ({ view: { from: Math.floor(view.from), to: Math.ceil(view.to) }, lanes: [...lanes].sort(), range, expanded, closed, mode, tab, filter, search, dark, scroll });
  const before = kept(await state_of(page));
  assert.strictEqual(before.lanes.length, 2);
  assert.strictEqual(before.expanded.length, 1);
  await page.waitForFunction(() => /tab=waits/.test(location.hash) && /theme=/.test(location.hash) && /open=/.test(location.hash));
  const again = await open_drawn(page.url());
  assert.deepStrictEqual(kept(await state_of(again)), before);
  await again.context().close();
});

test('the keyboard zooms, moves, goes from lane to lane and helps', async () => {
  const width = async () => (({ from, to }) => to - from)((await state_of(page)).view);
  const whole = await width();
  await page.keyboard.press('w');
  const near = await width();
  assert.ok(near < whole * 0.8);
  const { view } = await state_of(page);
  await page.keyboard.press('d');
  const moved = (await state_of(page)).view;
  assert.ok(moved.from > view.from && Math.abs(moved.to - moved.from - near) < 2);
  await page.keyboard.press('0');
  assert.strictEqual(await width(), whole);
  await page.keyboard.press('ArrowDown');
  const first = (await state_of(page)).focus;
  await page.keyboard.press('ArrowDown');
  assert.notStrictEqual((await state_of(page)).focus, first);
  await page.keyboard.press('c');
  await until(page, () => window.thaw.state().mode === 'cpus');
  await page.keyboard.press('c');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys and pointer' });
  await help.getByText('next freeze').waitFor();
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
});

test('the wheel zooms where the pointer is, and scrolls', async () => {
  const area = await page.locator('canvas.overlay').boundingBox();
  await page.mouse.move(area.x + area.width / 4, area.y + 20);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await until(page, (most) => window.thaw.state().view.to - window.thaw.state().view.from < most, summary.duration * 0.7);
  const { from, to } = (await state_of(page)).view;
  const still = from + (to - from) / 4;
  assert.ok(Math.abs(still - summary.duration / 4) < summary.duration * 0.01, `what was under the pointer stays: ${still}`);
});

test('a drag that the browser cancels ends there', async () => {
  const grip = page.getByRole('separator', { name: 'Height of the panels' });
  const { x, y, width } = await grip.boundingBox();
  const height = () => page.locator('.below').evaluate((element) => element.offsetHeight);
  await page.mouse.move(x + width / 2, y + 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y - 40, { steps: 3 });
  const dragged = await height();
  await grip.dispatchEvent('pointercancel');
  await page.mouse.move(x + width / 2, y - 120, { steps: 3 });
  assert.strictEqual(await height(), dragged);
  await page.mouse.up();
});

test('panels and selections are copied as text', async () => {
  const total = await flame_total(page);
  await page.getByRole('tabpanel').getByRole('button', { name: 'Copy as text' }).click();
  await page.getByRole('tabpanel').getByRole('button', { name: 'Copied', exact: true }).waitFor();
  const flames = await copied(page);
  assert.match(flames, /^waits\.thaw: 3 threads, /);
  assert.match(flames, /total +self +samples  function +module/);
  assert.ok(flames.includes(`${total.toLocaleString('en-GB')} samples`), flames.slice(0, 200));
  await page.getByRole('button', { name: 'Copy this selection as text' }).click();
  await page.getByText('copied', { exact: true }).waitFor();
  const text = await copied(page);
  assert.match(text, /running/);
  assert.match(text, new RegExp(`  ping ${summary.lanes[lane_of('ping')].tid} \\(waits `));
});

/** Width, height and pixels of a PNG without interlacing, 8 bits a channel; every part of it is checked. */
function read_png(bytes) {
  assert.strictEqual(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  const data = [];
  let head = null;
  let at = 8;
  let kind = '';
  while (kind !== 'IEND') {
    const length = bytes.readUInt32BE(at);
    kind = bytes.subarray(at + 4, at + 8).toString('latin1');
    const part = bytes.subarray(at + 8, at + 8 + length);
    if (kind === 'IHDR') head = { width: part.readUInt32BE(0), height: part.readUInt32BE(4), bits: part[8], colour: part[9], interlaced: part[12] };
    if (kind === 'IDAT') data.push(part);
    at += 12 + length;
  }
  assert.strictEqual(at, bytes.length);
  const channels = { 2: 3, 6: 4 }[head.colour];
  const pixels = zlib.inflateSync(Buffer.concat(data));
  assert.strictEqual(pixels.length, head.height * (1 + (head.width * channels * head.bits) / 8));
  return { ...head, pixels };
}

test('the picture is a PNG of what is on the screen', async () => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save what is on the screen as a picture' }).click()]);
  assert.strictEqual(download.suggestedFilename(), 'waits.png');
  const png = read_png(fs.readFileSync(await download.path()));
  const area = await page.locator('canvas.lanes').boundingBox();
  assert.ok(png.width >= area.width + 100 && png.height >= area.height + 50, `${png.width} × ${png.height}`);
  assert.ok(new Set(png.pixels).size > 20, 'it is not empty');
});

test('colours are light or dark, as wanted', async () => {
  const theme = () => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);
  const [name, colour] = await theme();
  assert.strictEqual(name, 'light');
  await page.getByRole('button', { name: 'Dark colours' }).click();
  await page.getByRole('button', { name: 'Light colours' }).waitFor();
  const [other, dark] = await theme();
  assert.strictEqual(other, 'dark');
  assert.notStrictEqual(dark, colour);
  const system = await open_drawn(server.address, { colorScheme: 'dark' });
  assert.strictEqual(await system.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await system.context().close();
});

test('nobody else was asked for anything', () => is_quiet(page, server.address));
