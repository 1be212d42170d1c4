// Captures that are not as one expects: nothing at all, damage.

import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { directory, FREEZE, is_quiet, made_up, open, open_drawn, serve, settled, state_of, summary_of, thaw } from './support.mjs';

test('a capture of nothing says that it is empty', async () => {
  const server = await serve(made_up('idle'));
  const page = await open_drawn(server.address);
  await page.getByText(/This capture is empty|No sample is in this selection|This capture has no|no samples|Nothing is selected/).first().waitFor();
  for (const key of ['w', 'n', 'c', 'e', 'ArrowDown', 'f', 'p', '?', 'Escape']) await page.keyboard.press(key);
  is_quiet(page, server.address);
  await page.context().close();
  await server.end();
});

/** Opens in both forms, or is refused in words: never a crash, never a page that does not come up. */
async function opens_or_refuses(file) {
  let server;
  try {
    server = await serve(file);
  } catch (error) {
    assert.match(error.message, /ended with (65|2): thaw: /);
    return false;
  }
  const page = await open_drawn(server.address);
  const { notes, losses } = await summary_of(page);
  for (const key of ['w', '0', 'n', 'c', 'c']) await page.keyboard.press(key);
  await settled(page);
  if (notes.length + losses.length > 0) await page.getByRole('region', { name: 'Notes and losses' }).waitFor();
  is_quiet(page, server.address);
  await page.context().close();
  await server.end();
  return notes.length > 0;
}

test('a capture that was cut short opens, and says so', async () => {
  const bytes = fs.readFileSync(FREEZE);
  const file = path.join(directory, 'cut.thaw');
  fs.writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  assert.ok(await opens_or_refuses(file), 'a note tells of the damage');
});

test('flipped bytes are noted or refused', async () => {
  const bytes = fs.readFileSync(FREEZE);
  for (const part of [0.001, 0.3, 0.7]) {
    const file = path.join(directory, `flipped-${part}.thaw`);
    const damaged = Buffer.from(bytes);
    const at = Math.floor(damaged.length * part);
    for (let i = at; i < at + 64; i++) damaged[i] ^= 0x5a;
    fs.writeFileSync(file, damaged);
    await opens_or_refuses(file);
  }
});

test('a page whose data is damaged says so', async () => {
  const out = path.join(directory, 'whole.html');
  thaw('html', FREEZE, '-o', out);
  const whole = fs.readFileSync(out, 'utf8');
  const begin = whole.indexOf('>', whole.indexOf('id="thaw-data"')) + 1;
  const damaged = path.join(directory, 'damaged.html');
  fs.writeFileSync(damaged, `${whole.slice(0, begin + 2000)}AAAAAAAA${whole.slice(begin + 2008)}`);
  const page = await open(pathToFileURL(damaged).href);
  await page.getByText(/The data in this page is damaged .* make it again with `thaw html`\./).waitFor();
  await page.context().close();
});

test('an address full of nonsense opens the whole capture', async () => {
  const server = await serve(FREEZE);
  const page = await open_drawn(`${server.address}#t=9-3&lanes=99999,x&open=0-999999999&sel=a-b&at=1@&tab=<script>&freeze=77&base=@&theme=blue`);
  const { view, lanes } = await state_of(page);
  assert.deepStrictEqual([view.from, lanes], [0, []]);
  is_quiet(page, server.address);
  await server.end();
});
