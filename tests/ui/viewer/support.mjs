// What the viewer's tests share: captures, `thaw view`, a browser with a page that may ask nobody but that server.
//
//   THAW_BIN=…/build/release/bin node timeline.test.mjs
//
// CHROMIUM names a browser; else chromium-headless-shell, else chromium of $PATH. A file that cannot run here prints
// "SKIP: why" and exits 77; with MUST_RUN=1 that is a failure. VIEWER_PAGE, a built viewer.html, is shown instead of the
// page inside thaw: to try a change of the page, or that a broken one is noticed.

import assert from 'node:assert';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const bin = process.env.THAW_BIN ?? fileURLToPath(new URL('../../../build/release/bin', import.meta.url));
export const program = path.join(bin, 'thaw');
export const FREEZE = fileURLToPath(new URL('captures/freeze.thaw', import.meta.url));
export const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'viewer-'));
// Nobody waits that long for a page; a busy machine with two CPUs may.
const PATIENCE_MS = 30_000;

const servers = new Set();
const executable = browser_program();
let browser = null;
after(async () => {
  await browser?.close();
  for (const server of servers) server.kill('SIGTERM');
  fs.rmSync(directory, { recursive: true });
});

export function skip(why) {
  fs.rmSync(directory, { recursive: true, force: true });
  console.log(`SKIP: ${why}`);
  process.exit(process.env.MUST_RUN === '1' ? 1 : 77);
}

function browser_program() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium-headless-shell', 'chromium'])
    for (const folder of (process.env.PATH ?? '').split(':'))
      if (fs.existsSync(path.join(folder, name))) return path.join(folder, name);
  return skip('no chromium here; `ci/setup ui` installs it, or CHROMIUM names one');
}

export function thaw(...words) {
  const { status, stdout, stderr } = spawnSync(program, words, { maxBuffer: 1 << 30, encoding: 'utf8' });
  // `thaw freezes` ends with 1 when there are some.
  assert.ok(status === 0 || (status === 1 && words[0] === 'freezes'), `thaw ${words.join(' ')}: ${status}: ${stderr}`);
  return stdout;
}
export const thaw_json = (...words) => JSON.parse(thaw(...words, '--json'));

/** Before any test, as a skip leaves the file. A new capture of a command, or of a workload when its name has no slash. Skips where recording needs more rights. */
export function record(name, command, ...options) {
  const file = path.join(directory, `${name}.thaw`);
  const [first, ...rest] = command;
  const whole = [fs.existsSync(path.join(bin, 'workloads', first)) ? path.join(bin, 'workloads', first) : first, ...rest];
  if (process.getuid() !== 0) skip('recording with BPF needs root');
  const done = spawnSync(program, ['record', '-o', file, ...options, '--', ...whole], { encoding: 'utf8' });
  if (done.status === 69) skip(`cannot record here: ${done.stderr.trim().split('\n')[0]}`);
  assert.strictEqual(done.status, 0, done.stderr);
  return file;
}

/** One of tests/support/made_up_captures.h. */
export function made_up(name) {
  const file = path.join(directory, `${name}.thaw`);
  execFileSync(path.join(bin, '../tests/made_up_capture'), [name, file]);
  return file;
}

/** `thaw view`, once it listens: its address, and an end. */
export async function serve(file, ...options) {
  const server = spawn(program, ['view', file, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  servers.add(server);
  let said = '';
  server.stderr.on('data', (words) => (said += words));
  const ended = new Promise((resolve) => server.on('exit', resolve));
  const address = await new Promise((resolve, reject) => {
    server.stdout.on('data', (words) => resolve(String(words).trim().split('\n')[0]));
    ended.then((code) => reject(new Error(`thaw view ended with ${code}: ${said}`)));
  });
  const end = async () => {
    server.kill('SIGTERM');
    await ended;
    servers.delete(server);
  };
  return { address, pid: server.pid, port: Number(new URL(address).port), end };
}

/**
 * A page in a browser of its own profile. `page.asked` are all addresses it asked for, `page.complaints` what it wrote to
 * its console; both are looked at by `is_quiet`.
 */
export async function open(address, options = {}) {
  browser ??= await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.asked = [];
  page.complaints = [];
  page.on('request', (request) => page.asked.push(request.url()));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  if (process.env.VIEWER_PAGE)
    await page.route(
      (url) => url.pathname.endsWith('/') && url.protocol === 'http:',
      (route) => route.fulfill({ body: fs.readFileSync(process.env.VIEWER_PAGE), contentType: 'text/html; charset=utf-8' }),
    );
  await page.goto(address);
  return page;
}

/** The page that was gone to is drawn. */
export async function drawn(page) {
  await page.waitForFunction(() => window.thaw?.summary());
  await page.evaluate(() => window.thaw.ready);
  await settled(page);
}

/** As `open`, when the page is drawn. */
export async function open_drawn(address, options) {
  const page = await open(address, options);
  await drawn(page);
  return page;
}

/** `thaw html`; around its data the page of VIEWER_PAGE, if there is one. */
export function write_html(file, out) {
  thaw('html', file, '-o', out);
  if (!process.env.VIEWER_PAGE) return;
  const [data] = /<script id="thaw-data"[^>]*>[^<]*<\/script>/.exec(fs.readFileSync(out, 'utf8'));
  const page = fs.readFileSync(process.env.VIEWER_PAGE, 'utf8');
  const at = page.indexOf('<script');
  fs.writeFileSync(out, page.slice(0, at) + data + page.slice(at));
}

/** All tiles are there and drawn. */
export async function settled(page) {
  await page.waitForFunction(() => window.thaw.state() && !window.thaw.state().busy);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

export const summary_of = (page) => page.evaluate(() => window.thaw.summary());
export const state_of = (page) =>
  page.evaluate(() => {
    const state = window.thaw.state();
    return { ...state, expanded: [...state.expanded], closed: [...state.closed] };
  });

/** Waits until a function of the page, which may ask window.thaw.state(), is true. */
export const until = (page, wanted, word) => page.waitForFunction(wanted, word);

/** Points of the screen, of a lane and a time. */
export async function place(page, lane, time) {
  const { view } = await state_of(page);
  const area = await page.locator('canvas.overlay').boundingBox();
  const name = await page.locator(`#lane-${lane} .name-line`).boundingBox();
  assert.ok(name, `lane ${lane} is not on the screen`);
  return { x: area.x + ((time - view.from) / (view.to - view.from)) * area.width, y: name.y + name.height / 2 };
}

export async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2);
  await page.mouse.move(to.x, to.y);
  await page.mouse.up();
}

/** Opens a panel and waits until it shows the selection of now. */
export async function panel(page, name) {
  const tab = page.getByRole('tab', { name, exact: true });
  await tab.click();
  await page.locator('.panel [aria-busy="true"]').waitFor({ state: 'detached' });
  await page.getByText('Adding up the stacks …').waitFor({ state: 'detached' });
}

export const number = (words) => Number(words.replace(/[^\d.]/g, ''));

/** Of the flame graph: all samples. */
export async function flame_total(page) {
  await panel(page, 'Flame graph');
  return number(await page.getByRole('navigation', { name: 'Zoom' }).getByRole('button', { name: /^all/ }).innerText());
}

/** Rows of the functions table that are on the screen: name, module, self, total. */
export async function function_rows(page) {
  await panel(page, 'Functions');
  const rows = page.getByRole('grid', { name: 'Functions' }).locator('.grid-row');
  await rows.first().waitFor();
  const cells = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => (cell.querySelector('.frame-name') ?? cell).lastChild?.textContent ?? '')));
  return cells.map(([, self, , total, name, module]) => ({ name, module, self: number(self), total: number(total) }));
}

/** What was copied last. */
export const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

/** Nothing was asked of anybody but the server of `address`, and the console is empty. */
export function is_quiet(page, address) {
  const strangers = page.asked.filter((url) => !url.startsWith(address.replace(/#.*/, '')) && !/^(blob|data):/.test(url));
  assert.deepStrictEqual(strangers, []);
  assert.deepStrictEqual(page.complaints, []);
}
