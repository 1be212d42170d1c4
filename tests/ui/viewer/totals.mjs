// The panels against `thaw report --json` and `thaw dump` of the same capture: totals, functions, a part of the time; and
// the page of `thaw html` against that of `thaw view`.

import assert from 'node:assert';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { directory, drag, flame_total, function_rows, is_quiet, open_drawn, panel, place, serve, state_of, summary_of, thaw, thaw_json, write_html } from './support.mjs';

/** [time since the beginning, tid] of each sample that is not of an idle CPU. */
function samples_of(file) {
  const { start_ns } = thaw_json('info', file);
  const found = [];
  for (const line of thaw('dump', file).split('\n')) {
    const [, time, tid] = /^(\d+) \d+ sample tid=(\d+)/.exec(line) ?? [];
    if (tid > 0) found.push([Number(BigInt(time) - BigInt(start_ns)), Number(tid)]);
  }
  return found;
}

const ordered = (rows) => rows.map((row) => JSON.stringify(row)).sort();

/** Without those at the edge of the screen, which of several of one weight is chance. */
function whole_rows(rows) {
  const least = Math.min(...rows.map(({ self }) => self));
  return rows.filter(({ self }) => self > least);
}

function same_functions(rows, functions) {
  const least = Math.min(...rows.map(({ self }) => self));
  const name_of = ({ name, module }) => (name === '?' ? `? in ${module.split('/').pop()}` : name);
  const reported = functions
    .filter(({ self }) => self > least)
    .map((f) => ({ name: name_of(f), module: f.module.split('/').pop(), self: f.self, total: f.total }));
  assert.ok(reported.length > 0);
  assert.deepStrictEqual(ordered(whole_rows(rows)), ordered(reported));
}

export function totals(name, make) {
  describe(name, () => {
    let file, report, server, page;
    before(async () => {
      file = make();
      report = thaw_json('report', file);
      server = await serve(file);
      page = await open_drawn(server.address);
    });

    test('the flame graph of everything has the samples of the report', async () => {
      assert.strictEqual(await flame_total(page), report.samples);
    });

    test('the functions are those of the report', async () => {
      same_functions(await function_rows(page), report.functions);
    });

    test('the waits add up to those of the report', async () => {
      await panel(page, 'Waits');
      const state = await state_of(page);
      const { lanes } = await summary_of(page);
      const waited = lanes.filter(({ kind }) => kind === 'thread').reduce((sum, { waiting }) => sum + waiting, 0);
      const reported = report.threads.reduce((sum, { waiting_ns }) => sum + waiting_ns, 0);
      assert.strictEqual(waited, reported);
      assert.strictEqual(state.tab, 'waits');
    });

    test('a range that was dragged over has the samples of the dump', async () => {
      const samples = samples_of(file);
      const { duration } = await summary_of(page);
      await page.keyboard.press('0');
      const lane = Number(await page.locator('.name.lane').first().evaluate((element) => element.id.replace('lane-', '')));
      const from = await place(page, lane, duration * 0.3);
      await drag(page, from, await place(page, lane, duration * 0.8));
      const { lanes, range } = await state_of(page);
      assert.deepStrictEqual(lanes, [lane]);
      // Within two pixels of where the pointer was.
      const near = (time, part) => assert.ok(Math.abs(time - part * duration) < duration / 400, `${time} for ${part} of ${duration}`);
      near(range.from, 0.3);
      near(range.to, 0.8);
      const { tid } = (await summary_of(page)).lanes[lane];
      const within = samples.filter(([time, of]) => of === tid && time >= range.from && time < range.to).length;
      assert.ok(within > 0, 'the most active thread was sampled');
      assert.strictEqual(await flame_total(page), within);
      const rows = await function_rows(page);
      assert.ok(rows.reduce((sum, { self }) => sum + self, 0) <= within);
      await page.getByRole('button', { name: 'Clear the selection (Esc)' }).click();
    });

    test('the page of thaw html has the same totals and functions', async () => {
      const out = path.join(directory, `${path.basename(file)}.html`);
      write_html(file, out);
      const alone = await open_drawn(pathToFileURL(out).href);
      assert.strictEqual(await flame_total(alone), await flame_total(page));
      assert.deepStrictEqual(ordered(whole_rows(await function_rows(alone))), ordered(whole_rows(await function_rows(page))));
      for (const tab of ['Waits', 'Call tree']) {
        await panel(alone, tab);
        await panel(page, tab);
        const words = (of) => of.locator('.grid').evaluate((grid) => [...grid.querySelectorAll('.grid-row')].map((row) => row.innerText).sort());
        assert.deepStrictEqual(await words(alone), await words(page), tab);
      }
      is_quiet(alone, pathToFileURL(out).href);
      await alone.context().close();
    });

    test('nobody else was asked for anything', () => is_quiet(page, server.address));
  });
}
