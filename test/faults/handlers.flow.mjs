/** What misbehaves: one event's own code, by `KIND`, in the first life of its thread or in each. Its sink takes every event once. */

import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { file, flow } from 'daoflow';

const { EVENTS, OUT, DATA, KIND, MARK, AT = '5000' } = process.env;
const at = Number(AT);
const never = new Promise(() => undefined);

/** Synchronous code. */
const held = {
  loop: () => {
    for (;;);
  },
  'regular expression': () => /^(a+)+$/.test(`${'a'.repeat(60)}!`),
  heap: () => {
    for (const all = []; ;) all.push({ all: all.length });
  },
  exit: () => process.exit(3),
  'stray error': () =>
    setTimeout(() => {
      throw new Error('nobody waits for this');
    }),
  'unhandled rejection': () => void Promise.reject(new Error('nobody catches this')),
};
/** Asynchronous code, for a few events. */
const failing = {
  hangs: () => never,
  throws: () => {
    throw new Error('not this one');
  },
  'rejects later': () => sleep(20).then(() => Promise.reject(new Error('not this one'))),
};

function misbehave() {
  if (!(KIND in held) || existsSync(MARK)) return;
  appendFileSync(MARK, '|');
  held[KIND]();
}

export default flow('handlers', { data: DATA, checkpointEvery: '100ms' })
  .from(file(EVENTS))
  .map((event) => {
    if (event.n === at) misbehave();
    return event;
  })
  .mapAsync((event) => (KIND in failing && event.n % at === 7 ? failing[KIND](event) : event), { timeout: '1s' })
  .to(file(OUT, { mode: 'overwrite' }));
