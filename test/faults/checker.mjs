/**
 * Decides, outside the engine, whether a run lost, repeated or mixed up anything: `node checker.mjs OUT COUNT`.
 * Each event must be in exactly one window of its key, and the running total of a key must count each window once, in order.
 */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { KEYS, keyOf, timeOf, WINDOW_MS } from './events.mjs';

const [path, countText] = process.argv.slice(2);
const expected = new Map();
for (let n = 0; n < Number(countText); n += 1) {
  const start = Math.floor(timeOf(n) / WINDOW_MS) * WINDOW_MS;
  const id = `${keyOf(n)} ${start}`;
  const window = expected.get(id);
  if (window === undefined) expected.set(id, { events: 1, total: n, first: n, last: n });
  else {
    window.events += 1;
    window.total += n;
    window.first = Math.min(window.first, n);
    window.last = Math.max(window.last, n);
  }
}

const found = { windows: 0, lost: 0, repeated: 0, wrong: 0 };
const seen = new Set();
const totals = new Map();
for await (const line of createInterface({ input: createReadStream(path) })) {
  found.windows += 1;
  const { key, start, events, total, first, last, all } = JSON.parse(line);
  const id = `${key} ${start}`;
  if (seen.has(id)) found.repeated += 1;
  seen.add(id);
  totals.set(key, (totals.get(key) ?? 0) + events);
  const should = expected.get(id);
  const isRight =
    should !== undefined &&
    [events, total, first, last].every(
      (value, i) => value === [should.events, should.total, should.first, should.last][i],
    ) &&
    all === totals.get(key);
  if (!isRight) found.wrong += 1;
}
for (const [id, { events }] of expected) if (!seen.has(id)) found.lost += events;
console.log(JSON.stringify({ ...found, keys: totals.size, expectedKeys: KEYS }));
process.exit(found.lost + found.repeated + found.wrong === 0 && seen.size === expected.size ? 0 : 1);
