// Five thousand threads, recorded now.

import assert from 'node:assert';
import { test } from 'node:test';

import { flame_total, is_quiet, open_drawn, record, serve, settled, summary_of, thaw_json, until } from './support.mjs';

const THREADS = 5000;
// Each waits until all are there, works a little, and waits again.
const MANY = `
import threading
threading.stack_size(65536)
go = threading.Event()
def work():
    go.wait()
    sum(range(2000))
all = [threading.Thread(target=work) for _ in range(${THREADS})]
for one in all: one.start()
go.set()
for one in all: one.join()
`;

const file = record('many', ['/usr/bin/python3', '-c', MANY]);

test('five thousand threads are there, and drawn as one scrolls', async () => {
  const server = await serve(file);
  const page = await open_drawn(server.address);
  const { lanes } = await summary_of(page);
  assert.ok(lanes.filter(({ kind }) => kind === 'thread').length > THREADS);
  assert.strictEqual(await flame_total(page), thaw_json('report', file).samples);
  assert.ok((await page.locator('.name').count()) < 100, 'only names on the screen are elements');

  const area = await page.locator('canvas.overlay').boundingBox();
  await page.mouse.move(area.x + area.width / 2, area.y + area.height / 2);
  await page.evaluate(() => window.thaw.clear());
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, 2000);
  await until(page, () => window.thaw.state().scroll > 30_000);
  await settled(page);
  const frames = await page.evaluate(() => window.thaw.frames());
  console.log(`${frames.length} frames, ${frames.filter((ms) => ms < 50).length} of them under 50 ms, longest ${Math.max(...frames).toFixed(1)} ms`);

  // Of the longest number: what is typed is a part of a lane's name, and one of two digits is in hundreds of them.
  const last = lanes.filter(({ kind }) => kind === 'thread').reduce((a, b) => (b.tid > a.tid ? b : a));
  await page.getByRole('searchbox', { name: 'Filter lanes' }).fill(String(last.tid));
  await page.getByRole('treeitem', { name: new RegExp(`^Thread .* ${last.tid} of `) }).waitFor();
  is_quiet(page, server.address);
  await server.end();
});
