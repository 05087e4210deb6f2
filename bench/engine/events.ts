/** The load: prepared events in arrays of 256, and the functions of users that every contestant is given. */

import type { KeyColumn } from 'daoflow';

export interface Event {
  readonly ts: number;
  readonly key: string;
  value: number;
  readonly type: string;
}

export const BATCH_EVENTS = 256;
export const PASS_BATCHES = 400;
export const PASS_EVENTS: number = PASS_BATCHES * BATCH_EVENTS;
export const KEYS = 1000;

/** One pass over the load is one second of event time and one window: 102,400 events/s. */
export const WINDOW_MS = 1000;
export const FIRST_MS = 1_750_000_000_000;

/** Made as the NDJSON decoder makes the words of its dictionary: V8's own copies, which it compares by address. */
const names = Object.keys(Object.fromEntries(Array.from({ length: KEYS }, (_, i) => [`key-${i}`, i])));
const ids = Array.from({ length: PASS_BATCHES }, (_, b) =>
  Int32Array.from({ length: BATCH_EVENTS }, (__, i) => keyOf(b, i)),
);

/**
 * One second of events. The arrays are used again in each pass: a contestant that writes to them would
 * spoil its own result. Values are multiples of 1/4, so that sums are exact in any order.
 */
export const load: readonly (readonly Event[])[] = ids.map((column, b) =>
  Array.from(column, (id, i) => {
    const n = b * BATCH_EVENTS + i;
    return {
      ts: FIRST_MS + (n * WINDOW_MS) / PASS_EVENTS,
      key: names[id] ?? '',
      value: ((n * 31) % 1000) / 4,
      type: n % 3 === 0 ? 'debit' : 'credit',
    };
  }),
);

/** What the NDJSON decoder gives along with a batch when the flow is keyed by a field. */
export const keyColumns: readonly KeyColumn[] = ids.map((column) => ({ field: 'key', ids: column, values: names }));

/** All keys, in no order that a cache would like. */
function keyOf(batch: number, index: number): number {
  return ((batch * BATCH_EVENTS + index) * 7919) % KEYS;
}

// Flow ii.
export const scaled = (event: Event): number => event.value * 2 + 1;
export const isLarge = (value: number): boolean => value > 125;

// Flow iii. The map writes in place, which is what costs least everywhere; `copied` is what people write.
export const rounded = (event: Event): Event => {
  event.value = Math.abs(event.value);
  return event;
};
export const copied = (event: Event): Event => ({
  ts: event.ts,
  key: event.key,
  value: event.value * 2,
  type: event.type,
});
export const isKept = (event: Event): boolean => event.value > 12.5;

/** One window of one key. */
export interface Row {
  readonly key: string;
  readonly end: number;
  readonly total: number;
}

/** What a flow has given so far: equal for equal answers. */
export interface Tally {
  events: number;
  total: number;
}

/** Adds rows to a tally, so that a sum under a wrong key shows. */
export function tallyRow(tally: Tally, { key, total }: Row): void {
  tally.events += 1;
  tally.total += total * (1 + (key.charCodeAt(key.length - 1) & 7));
}
