// Who gets an answer from `thaw view`, and what the page says when the server has ended and when it is back.

import assert from 'node:assert';
import http from 'node:http';
import net from 'node:net';
import { before, test } from 'node:test';

import { FREEZE, open_drawn, serve, settled } from './support.mjs';

let server, token;
before(async () => {
  server = await serve(FREEZE);
  token = new URL(server.address).pathname.split('/')[1];
});

function ask(path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, path, method, headers, setHost: !('Host' in headers) }, (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

async function is_refused(path, headers, method) {
  const { status, body } = await ask(path, headers, method);
  const what = `${method ?? 'GET'} ${path} ${JSON.stringify(headers ?? {})}`;
  assert.ok([403, 404, 405].includes(status), `${what}: ${status}`);
  assert.strictEqual(body, '', what);
}

test('who has the address gets page and data', async () => {
  assert.ok(token.length >= 16);
  const page = await ask(`/${token}/`);
  assert.strictEqual(page.status, 200);
  assert.match(page.headers['content-security-policy'], /default-src 'none'/);
  const { status, body } = await ask(`/${token}/api/summary`, { Host: `127.0.0.1:${server.port}`, Origin: `http://127.0.0.1:${server.port}` });
  assert.strictEqual(status, 200);
  assert.strictEqual(JSON.parse(body).schema, 1);
});

test('nobody gets an answer without the token', async () => {
  const other = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (const path of ['/', '/api/summary', `/${other}/`, `/${other}/api/summary`, `/${token.slice(0, -1)}/`, `/${token}x/`, `//${token}/`, `/?${token}`]) await is_refused(path);
});

test('nor with the Host or Origin of somebody else', async () => {
  for (const path of [`/${token}/`, `/${token}/api/summary`]) {
    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1:1', '']) await is_refused(path, { Host: host });
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `https://127.0.0.1:${server.port}`]) await is_refused(path, { Origin: origin });
  }
});

test('nor for another path, or by another method', async () => {
  for (const path of ['api', 'api/', 'api/nothing', 'other/summary', '../etc/passwd', '..%2f..%2fetc%2fpasswd', 'api/summary/x', 'favicon.ico']) await is_refused(`/${token}/${path}`);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) await is_refused(`/${token}/api/summary`, {}, method);
});

test('nonsense is answered with a sentence, or not at all, and the server goes on', async () => {
  for (const query of ['tiles', 'tiles?level=99&first=0&count=1&lanes=0', 'boxes?lane=99999&from=0&to=1&most=1', 'at?lane=x&time=1', 'stacks?lanes=0&from=9&to=1&kind=running&known=0,0', 'stacks?lanes=0&from=0&to=1&kind=nothing&known=0,0']) {
    const { status, body } = await ask(`/${token}/api/${query}`);
    assert.strictEqual(status, 400, query);
    assert.match(body.trim(), /^[^\n]+$/, query);
  }
  for (const bytes of ['\r\n\r\n', 'GET', `GET /${token}/ HTTP/9.9\r\n\r\n`, `GET /${'a'.repeat(1 << 20)} HTTP/1.1\r\n\r\n`])
    await new Promise((resolve) => {
      const socket = net.connect(server.port, '127.0.0.1', () => socket.write(bytes, () => socket.destroy()));
      socket.on('error', resolve).on('close', resolve);
    });
  assert.strictEqual((await ask(`/${token}/api/summary`)).status, 200);
});

test('only this machine is listened to', async () => {
  await new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.2');
    socket.on('connect', () => reject(new Error('127.0.0.2 was answered')));
    socket.on('error', resolve);
  });
});

test('a page without its server says so in one sentence, and goes on when it is back', async () => {
  const gone = await serve(FREEZE);
  const page = await open_drawn(gone.address);
  await page.route('**/api/**', (route) => route.abort('connectionrefused'));
  await page.keyboard.press('w');
  await page.keyboard.press('w');
  await page.keyboard.press('w');
  const alert = page.locator('.trouble');
  await alert.waitFor();
  assert.strictEqual(await alert.innerText(), 'The server of this page has ended: start `thaw view` again and open the address it prints.');
  await page.unroute('**/api/**');
  await alert.waitFor({ state: 'detached' });
  await settled(page);

  await gone.end();
  await page.getByRole('tab', { name: 'Waits', exact: true }).click();
  await page.getByText('The server of this page has ended').first().waitFor();
  await page.context().close();
});
