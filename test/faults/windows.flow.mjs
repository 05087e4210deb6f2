/** What is killed: a file, at a rate, by keyed windows of event time and a running total per key, into a file. */

import { appendFileSync } from 'node:fs';
import { file, flow } from 'daoflow';
import { totals } from './totals.mjs';

const { EVENTS, OUT, DATA, RATE, PROGRESS, BEGAN, CLOCK } = process.env;
const PROGRESS_MS = 50;

let passed = 0;
setInterval(() => appendFileSync(PROGRESS, `${BEGAN} ${Math.round(realNow())} ${passed}\n`), PROGRESS_MS).unref();

/** `MS:JUMP,...`: so many ms after the start the wall clock is JUMP ms off, or stands still. */
const realNow = Date.now;
for (const [ms, jump] of (CLOCK ?? '').split(',').map((each) => each.split(':'))) {
  if (jump === undefined) continue;
  setTimeout(() => {
    const at = realNow();
    Date.now = jump === 'stop' ? () => at : () => realNow() + Number(jump);
  }, Number(ms)).unref();
}

const events = flow('windows', { ...(DATA === undefined ? {} : { data: DATA }), checkpointEvery: '100ms' }).from(
  file(EVENTS),
);
export default totals(
  (RATE === undefined ? events : events.rateLimit(Number(RATE)))
    .tap(() => (passed += 1))
    .eventTime((event) => event.at, { outOfOrder: 100 })
    .keyBy((event) => event.key),
).to(file(OUT, { mode: 'overwrite' }));
