/**
 * Bytes allocated per event by a running flow: heap growth with a young generation that holds the whole run.
 * The source hands out the same batches again and again, so that what it made beforehand is not counted.
 */

import { PerformanceObserver } from 'node:perf_hooks';
import { flow, fromBatches } from 'daoflow';

interface Reading {
  readonly ts: number;
  readonly key: string;
  readonly value: number;
}

const BATCH = 256;
const BATCHES = 2000;
const EVENTS = BATCH * BATCHES;

let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});
observer.observe({ entryTypes: ['gc'] });

const events = Array.from({ length: BATCH }, (_, i): Reading => ({ ts: i, key: `k${i % 100}`, value: i / 2 }));

await passOnce(); // compiles what will be compiled
globalThis.gc?.();
await turn();
collections = 0;
const before = process.memoryUsage().heapUsed;
const counted = await passOnce();
const bytes = process.memoryUsage().heapUsed - before;
await turn();

process.send?.({ bytesPerEvent: bytes / EVENTS, collections, counted });
process.disconnect();

/** @returns events that reached the sink */
async function passOnce(): Promise<number> {
  let reached = 0;
  const count = flow('count');
  count
    .from(fromBatches(batches))
    .filter((event) => event.value >= 0)
    .map((event) => event)
    .to((batch) => {
      reached += batch.length;
    });
  await count.run().done;
  return reached;
}

/** A new outer array per batch, since the engine owns it; the events are shared. */
function* batches(): Generator<Reading[]> {
  for (let i = 0; i < BATCHES; i += 1) yield events.slice();
}

/** The observer is told of collections in a later turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
