// What `thaw export` writes, read by the viewers' own code, against `thaw report --json` of the same capture.
//
//   THAW_BIN=…/build/release/bin CAPTURE=a.thaw node --test
//
// Without CAPTURE, the made-up one of tests/support/made_up_captures.h. The Firefox Profiler's reader wants Node 24,
// newer than Debian 12's: NODE_24 names one, else its test is skipped.

import assert from 'node:assert';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

import { Profile } from 'pprof-format';

import { read } from './speedscope.mjs';

const bin = process.env.THAW_BIN;
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'readers-'));
let capture = process.env.CAPTURE;
let report;
let period_ns;
const self = {};

const thaw = (...words) => execFileSync(path.join(bin, 'thaw'), words, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 });
const inBrackets = (module) => (module === '?' ? '[unknown]' : module.startsWith('[') ? module : `[${module}]`);
const label = (f) => (f.name !== '?' ? f.name : inBrackets(f.module));

function exported(format, name) {
  const file = path.join(directory, name);
  thaw('export', capture, '--format', format, '-o', file);
  return file;
}

function sameAsReport(total, selfWeights, unit) {
  assert.strictEqual(Math.round(total / unit), report.samples);
  const counted = Object.fromEntries(Object.entries(selfWeights).map(([name, weight]) => [name, Math.round(weight / unit)]));
  assert.deepStrictEqual(counted, self);
}

before(() => {
  if (!capture) {
    capture = path.join(directory, 'busy.thaw');
    execFileSync(path.join(bin, '../tests/made_up_capture'), ['busy', capture]);
  }
  report = JSON.parse(thaw('report', capture, '--json'));
  period_ns = Math.floor(1e9 / JSON.parse(thaw('info', capture, '--json')).sample_hz);
  for (const f of report.functions) if (f.self !== 0) self[label(f)] = (self[label(f)] ?? 0) + f.self;
});
after(() => fs.rmSync(directory, { recursive: true }));

test('speedscope reads its own format', async () => {
  const got = await read(exported('speedscope', 'a.speedscope.json'));
  assert.strictEqual(got.unit, 'nanoseconds');
  sameAsReport(got.total, got.self, period_ns);
});

test('speedscope reads pprof', async () => {
  const got = await read(exported('pprof', 'a.pb.gz'));
  sameAsReport(got.total, got.self, period_ns);
});

test('speedscope reads folded stacks', async () => {
  const got = await read(exported('folded', 'a.folded'));
  const plain = {};
  // Samples without a stack are the thread's own there.
  const threads = new Set(report.threads.map((thread) => thread.name.replace(';', ':')));
  for (const [name, weight] of Object.entries(got.self))
    if (!threads.has(name) || self[name]) plain[name.replace(/_\[k\]$/, '')] = (plain[name.replace(/_\[k\]$/, '')] ?? 0) + weight;
  sameAsReport(got.total, plain, 1);
});

test('pprof-format decodes pprof', () => {
  const bytes = zlib.gunzipSync(fs.readFileSync(exported('pprof', 'b.pb.gz')));
  const profile = Profile.decode(bytes);
  const text = (id) => profile.stringTable.strings[Number(id)];
  const functions = new Map(profile.function.map((f) => [f.id, text(f.name)]));
  const locations = new Map(profile.location.map((l) => [l.id, l]));
  const sums = {};
  let total = 0;
  for (const sample of profile.sample) {
    total += Number(sample.value[0]);
    if (sample.locationId.length === 0) continue;
    const leaf = functions.get(locations.get(sample.locationId[0]).line[0].functionId);
    sums[leaf] = (sums[leaf] ?? 0) + Number(sample.value[0]);
  }
  sameAsReport(total, sums, 1);
});

const node24 = process.env.NODE_24 ?? (parseInt(process.versions.node) >= 24 ? process.execPath : '');

test('the Firefox Profiler reads its own format', { skip: node24 ? false : 'needs Node 24; NODE_24 names none' }, () => {
  const file = exported('firefox', 'a.json.gz');
  const program = fileURLToPath(new URL('node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js', import.meta.url));
  const firefox = (...words) =>
    execFileSync(node24, [program, ...words], { env: { ...process.env, HOME: directory }, maxBuffer: 1 << 30, timeout: 120_000 });
  firefox('load', file);
  try {
    const sums = {};
    let total = 0;
    for (const thread of JSON.parse(firefox('thread', 'list', '--json')).threads) {
      firefox('thread', 'select', thread.threadHandle);
      const { functions } = JSON.parse(firefox('thread', 'functions', '--json', '--include-idle', '--limit', '0'));
      for (const f of functions) if (f.selfSamples !== 0) sums[f.name] = (sums[f.name] ?? 0) + f.selfSamples;
    }
    for (const count of Object.values(sums)) total += count;
    // It does not show samples without a stack.
    const without = report.samples - report.functions.reduce((sum, f) => sum + f.self, 0);
    sameAsReport(total + without, sums, 1);
  } finally {
    firefox('stop', '--all');
  }
});
