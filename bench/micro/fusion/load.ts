/** What goes in: arrays of 256 events over 1000 keys, with and without dense ids. */

import type { KeyColumn } from '../../../src/event/batch.ts';
import type { Clock } from '../../../src/time/clock.ts';

export interface Event {
  readonly ts: number;
  readonly key: string;
  readonly value: number;
  readonly type: string;
}

export const BATCH = 256;
export const BATCHES = 160;
export const KEYS = 1000;
export const WINDOW_MS = 1000;
export const FIRST_MS = 1_750_000_000_000;
export const clock: Pick<Clock, 'now' | 'wall'> = {
  now: (): number => performance.now(),
  wall: (): number => FIRST_MS,
};
const names = Array.from({ length: KEYS }, (_, i) => `key-${i}`);
const ids = Array.from({ length: BATCHES }, () => new Int32Array(BATCH));
export const batches: Event[][] = ids.map((column, b) =>
  Array.from({ length: BATCH }, (_, i) => {
    const n = b * BATCH + i;
    column[i] = (n * 7919) % KEYS;
    return { ts: FIRST_MS + n / 8, key: names[(n * 7919) % KEYS] ?? '', value: n % 100, type: n % 3 === 0 ? 'a' : 'b' };
  }),
);
export const columns: KeyColumn[] = ids.map((column) => ({ field: 'key', ids: column, values: names }));
export const SPAN_MS: number = (BATCHES * BATCH) / 8 + WINDOW_MS * 2;

/** What one variant of a flow does with the whole load, once. */
export type Variant = () => number;
