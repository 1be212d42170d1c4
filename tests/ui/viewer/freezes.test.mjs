// A machine that stood still, as its reader meets it: goes there, sees it, learns why. The capture is of a guest of
// thawlab, Linux 6.17.8 with 4 CPUs, where the recorder's own programs spun in NMI.

import assert from 'node:assert';
import { before, test } from 'node:test';

import { drawn, FREEZE, is_quiet, open_drawn, place, serve, settled, state_of, summary_of, thaw_json } from './support.mjs';

let server, page, summary, longest;
before(async () => {
  server = await serve(FREEZE);
  page = await open_drawn(server.address);
  summary = await summary_of(page);
  longest = summary.freezes.reduce((best, { length }, i) => (length > summary.freezes[best].length ? i : best), 0);
});

/** Share of the pixels of a part of a canvas that have the colour of a CSS variable. */
const painted = (on, canvas, box, colour) =>
  on.locator(canvas).evaluate(
    (element, [{ x, y, width, height }, name]) => {
      const outer = element.getBoundingClientRect();
      const dots = element.width / outer.width;
      const { data } = element.getContext('2d').getImageData((x - outer.x) * dots, (y - outer.y) * dots, Math.max(1, width * dots), Math.max(1, height * dots));
      const style = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const want = [1, 3, 5].map((at) => parseInt(style.slice(at, at + 2), 16));
      let count = 0;
      for (let i = 0; i < data.length; i += 4) count += want.every((value, k) => Math.abs(data[i + k] - value) < 48) ? 1 : 0;
      return count / (data.length / 4);
    },
    [box, colour],
  );

const shows = (state, { start, length }) => state.view.from <= start && state.view.to >= start + length;

test('the freezes are those of thaw freezes', () => {
  const { freezes } = thaw_json('freezes', FREEZE);
  assert.strictEqual(summary.freezes.length, freezes.length);
  assert.ok(freezes.length > 1);
});

test('N goes from freeze to freeze, Shift+N back', async () => {
  await page.keyboard.press('n');
  const first = await state_of(page);
  assert.ok(first.freeze !== null && shows(first, summary.freezes[first.freeze]));
  await page.keyboard.press('n');
  const second = await state_of(page);
  assert.strictEqual(second.freeze, (first.freeze + 1) % summary.freezes.length);
  assert.ok(shows(second, summary.freezes[second.freeze]));
  await page.keyboard.press('N');
  assert.strictEqual((await state_of(page)).freeze, first.freeze);
});

test('#freeze=longest opens at the longest, marked over the lanes', async () => {
  const there = await open_drawn(`${server.address}#freeze=longest`);
  const state = await state_of(there);
  const freeze = summary.freezes[longest];
  assert.strictEqual(state.freeze, longest);
  assert.ok(shows(state, freeze));
  const area = await there.locator('canvas.lanes').boundingBox();
  const x = (time) => area.x + ((time - state.view.from) / (state.view.to - state.view.from)) * area.width;
  const line = (time) => painted(there, 'canvas.lanes', { x: x(time) - 2, y: area.y, width: 4, height: area.height }, '--alarm');
  const [first, middle, end, before] = await Promise.all([0, 0.5, 1, -0.3].map((part) => line(freeze.start + part * freeze.length)));
  assert.ok(first > 0.2 && end > 0.2, `a line from top to bottom begins the freeze (${first}) and ends it (${end})`);
  assert.ok(middle < 0.05 && before < 0.05, `and is nowhere else (${middle}, ${before})`);
  await there.context().close();
});

test('lanes of a freeze are hatched and say that they stalled', async () => {
  const there = await open_drawn(`${server.address}#freeze=longest&mode=cpus`);
  const freeze = summary.freezes[longest];
  const stalled = summary.classes.findIndex(({ kind }) => kind === 'stalled');
  const lane = summary.lanes.findIndex(({ kind, cpu }) => kind === 'cpu' && cpu === freeze.cpus[0]);
  const left = await place(there, lane, freeze.start + freeze.length * 0.1);
  const right = await place(there, lane, freeze.start + freeze.length * 0.9);
  const box = { x: left.x, y: left.y - 6, width: right.x - left.x, height: 12 };
  const fill = await painted(there, 'canvas.lanes', box, `--class-${stalled}`);
  assert.ok(fill > 0.2 && fill < 1, `${fill} of it has the colour of stalled, the rest is hatching`);
  await there.mouse.click((left.x + right.x) / 2, left.y);
  const details = there.getByRole('complementary', { name: 'Details' });
  await details.getByText('stalled').or(details.getByText('stood still')).first().waitFor();
  await there.context().close();
});

test('the guilty kernel stack is one click away', async () => {
  await page.goto(`${server.address}#freeze=longest`);
  await page.reload();
  await drawn(page);
  await page.locator('.freeze-words').click();
  const card = page.getByRole('complementary', { name: 'Freeze' });
  await card.waitFor();
  const shown = await card.locator('li').allInnerTexts();
  const told = thaw_json('freezes', FREEZE).freezes[longest];
  assert.deepStrictEqual(shown, summary.freezes[longest].functions);
  assert.ok(shown.length > 0);
  assert.ok(JSON.stringify(told).includes(shown[0].replace(/\+0x.*/, '')), `${shown[0]} is in ${JSON.stringify(told)}`);
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });
});

test('the freeze that is gone to stands out among the marks', async () => {
  // Two that are near each other: both wide enough to see.
  const [first, last] = summary.freezes.slice(1, 3);
  const there = await open_drawn(`${server.address}#t=${Math.max(0, first.start - 1e6)}-${last.start + last.length}`);
  const { view } = await state_of(there);
  const head = await there.locator('canvas.overview').boundingBox();
  const area = await there.locator('canvas.overlay').boundingBox();
  const x = (time) => area.x + ((time - view.from) / (view.to - view.from)) * area.width;
  // In the marks below the axis, without what is written in their middle.
  const mark = ({ start, length }) => painted(there, 'canvas.overview', { x: x(start + length / 2), y: head.y + head.height - 4, width: 1, height: 2 }, '--alarm');
  assert.deepStrictEqual(await Promise.all([mark(first), mark(last)]), [1, 1]);
  await there.mouse.click(x(first.start + first.length / 2), area.y - 35);
  await there.getByRole('complementary', { name: 'Freeze' }).waitFor();
  await settled(there);
  assert.deepStrictEqual(await Promise.all([mark(first), mark(last)]), [1, 0], 'the others are fainter');
  await there.context().close();
});

test('nobody else was asked for anything', () => is_quiet(page, server.address));
