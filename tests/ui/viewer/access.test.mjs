// What a screen reader and a keyboard find: roles, names, contrast, in both colours; with the rules of axe-core.

import assert from 'node:assert';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';

import { FREEZE, open_drawn, panel, serve, state_of } from './support.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server;
before(async () => {
  server = await serve(FREEZE);
});

async function complaints_of(page) {
  await page.evaluate(axe);
  // The names of lanes are read out as sentences, which have what is on the screen in another order.
  const rules = { 'label-content-name-mismatch': { enabled: false } };
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], rules }), rules);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

for (const colorScheme of ['light', 'dark'])
  test(`axe finds nothing in ${colorScheme} colours`, async () => {
    const page = await open_drawn(`${server.address}#freeze=longest`, { colorScheme });
    for (const tab of ['Flame graph', 'Call tree', 'Functions', 'Waits', 'Difference', 'Source']) {
      await panel(page, tab);
      assert.deepStrictEqual(await complaints_of(page), [], tab);
    }
    await page.locator('.freeze-words').click();
    assert.deepStrictEqual(await complaints_of(page), [], 'freeze card');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and pointer' }).waitFor();
    assert.deepStrictEqual(await complaints_of(page), [], 'help');
    await page.context().close();
  });

test('the parts of the page have roles and names', async () => {
  const page = await open_drawn(server.address);
  for (const [role, name] of [
    ['main', 'Timeline'],
    ['tree', 'Lanes'],
    ['img', 'The whole capture: how busy its CPUs were, and its freezes'],
    ['img', 'What each lane did over time'],
    ['searchbox', 'Search functions of the whole capture'],
    ['searchbox', 'Filter lanes: name or id of thread or process'],
    ['group', 'Lanes are'],
    ['tablist', 'Panels'],
    ['tab', 'Flame graph'],
    ['region', 'Selection'],
    ['separator', 'Height of the panels'],
    ['application', /^Flame graph\. /],
    ['button', 'Next freeze (N)'],
  ])
    assert.ok((await page.getByRole(role, { name }).count()) >= 1, `${role} ${name}`);
  const unnamed = await page.getByRole('button').evaluateAll((all) => all.filter((one) => !(one.innerText.trim() || one.title || one.ariaLabel)).map((one) => one.outerHTML));
  assert.deepStrictEqual(unnamed, []);
  await page.context().close();
});

test('everything can be reached by the keyboard alone', async () => {
  const page = await open_drawn(server.address);
  const reached = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement.getAttribute('aria-label') || document.activeElement.title || document.activeElement.innerText));
  }
  for (const name of ['Lanes', 'Search functions of the whole capture', 'Flame graph', 'Next freeze (N)'])
    assert.ok([...reached].some((one) => one.startsWith(name)), `${name} in ${[...reached].join('; ')}`);

  await page.getByRole('tree', { name: 'Lanes' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  const { lanes, focus } = await state_of(page);
  assert.deepStrictEqual(lanes, [focus]);
  await page.keyboard.press('Enter');
  assert.deepStrictEqual((await state_of(page)).expanded, [focus]);

  await page.getByRole('tab', { name: 'Flame graph', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  assert.strictEqual(await page.getByRole('tab', { selected: true }).innerText(), 'Call tree');
  await page.context().close();
});
