/** The stream of the fault tests: event n is known from n alone, so that a checker needs nothing but the count. */

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const FIRST_MS = 1_760_000_000_000;
export const KEYS = 97;
export const WINDOW_MS = 10_000;
const BLOCK_LINES = 5000;

export const timeOf = (n) => FIRST_MS + n * 2 - ((n * 7919) % 40);
export const keyOf = (n) => `key-${n % KEYS}`;

/** @param count - events, one line each */
export async function writeEvents(path, count) {
  const out = createWriteStream(path);
  for (let n = 0; n < count;) {
    let block = '';
    for (const end = Math.min(count, n + BLOCK_LINES); n < end; n += 1) {
      block += `{"n":${n},"key":"${keyOf(n)}","at":${timeOf(n)}}\n`;
    }
    if (!out.write(block)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
