/**
 * Ten times what its sink can take, for a while, then three tenths of it: `node overload-child.mjs SECONDS`. Prints a line of JSON
 * each 250 ms, and one at the end. The sink takes one call of at most 100 events per 5 ms; what timers
 * are late by it makes up, up to 100 ms.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { flow, fromBatches } from 'daoflow';

const OVERLOAD_S = Number(process.argv[2]);
const AFTER_S = 12;
const CALL_MS = 5;
const CALL_EVENTS = 100;
const CAPACITY = (1000 / CALL_MS) * CALL_EVENTS;
const STEP_MS = 10;

const began = performance.now();
const elapsedS = () => (performance.now() - began) / 1000;
let offered = 0;
let given = 0;

/** A sender that waits while it is held back: what it could not send in time it does not send at all. */
async function* load() {
  for (let lastMs = performance.now(); elapsedS() < OVERLOAD_S + AFTER_S;) {
    await sleep(STEP_MS);
    const now = performance.now();
    const rate = elapsedS() < OVERLOAD_S ? 10 * CAPACITY : 0.3 * CAPACITY;
    const due = Math.round((rate * (now - lastMs)) / 1000);
    const count = Math.min(due, (10 * CAPACITY * STEP_MS) / 1000);
    lastMs = now;
    offered += due;
    yield Array.from({ length: count }, () => ({ n: given++, text: 'x'.repeat(100) }));
  }
}

const LATE_MS = 100;
let nextMs = 0;
let expected = 0;
let disorder = 0;
const sink = {
  name: 'limited',
  limits: { maxConcurrency: 1, maxBatch: CALL_EVENTS },
  open: () => ({
    write: async (events) => {
      const now = performance.now();
      nextMs = Math.max(nextMs + CALL_MS, now - LATE_MS);
      if (nextMs > now) await sleep(nextMs - now);
      for (const { n } of events) if (n !== expected++) disorder += 1;
    },
  }),
};

const run = flow('overload').from(fromBatches(load)).to(sink).run();
const sampler = setInterval(() => {
  const { response_time: latency } = run.metrics();
  const rssMb = process.memoryUsage.rss() / 1e6;
  console.log(JSON.stringify({ atS: elapsedS(), p95: latency.p95, avg: latency.avg, rssMb, offered, given }));
}, 250);
const { confirmed } = await run.done;
clearInterval(sampler);
console.log(
  JSON.stringify({ isEnd: true, offered, given, confirmed, taken: expected, disorder, overloadS: OVERLOAD_S }),
);
