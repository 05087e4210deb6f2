/** The hand-written loop: what a person would write for one flow and nothing else. It is what 1.0 means. */

import type { Batch, OpenFlow } from '../contestant.ts';
import {
  copied,
  isKept,
  isLarge,
  keyColumns,
  KEYS,
  rounded,
  scaled,
  tallyRow,
  WINDOW_MS,
  type Event,
  type Row,
  type Tally,
} from '../events.ts';
import { Calls, IN_FLIGHT, type AsyncJobName, type JobName } from '../jobs.ts';

type Events = readonly Event[];

export function openLoop(job: JobName): OpenFlow {
  if (job === 'each' || job === 'arrays') return openCalls(job);
  const tally: Tally = { events: 0, total: 0 };
  const loop = { count, two, three, threeFresh }[job];
  return { run: (batches) => loop(batches as readonly Events[], tally), close: () => tally };
}

function count(batches: readonly Events[], tally: Tally): void {
  let n = 0;
  for (const events of batches) for (let i = 0; i < events.length; i += 1) if (events[i] !== undefined) n += 1;
  tally.events += n;
}

function two(batches: readonly Events[], tally: Tally): void {
  let n = 0;
  for (const events of batches) {
    for (let i = 0; i < events.length; i += 1) if (isLarge(scaled(events[i] as Event))) n += 1;
  }
  tally.events += n;
}

function three(batches: readonly Events[], tally: Tally): void {
  let open = new Map<string, number>();
  let endMs = -Infinity;
  for (const events of batches) {
    for (let i = 0; i < events.length; i += 1) {
      const event = rounded(events[i] as Event);
      if (!isKept(event)) continue;
      const { ts, key, value } = event;
      if (ts >= endMs) {
        give(rowsOf(open, endMs), tally);
        open = new Map();
        endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
      }
      const total = open.get(key);
      open.set(key, total === undefined ? value : total + value);
    }
  }
  give(rowsOf(open, endMs), tally);
}

function threeFresh(batches: readonly Events[], tally: Tally): void {
  let open = new Map<string, number>();
  let endMs = -Infinity;
  for (const events of batches) {
    for (let i = 0; i < events.length; i += 1) {
      const event = copied(events[i] as Event);
      if (!isKept(event)) continue;
      const { ts, key, value } = event;
      if (ts >= endMs) {
        give(rowsOf(open, endMs), tally);
        open = new Map();
        endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
      }
      const total = open.get(key);
      open.set(key, total === undefined ? value : total + value);
    }
  }
  give(rowsOf(open, endMs), tally);
}

/**
 * Flow iii over the decoder's key numbers, and nothing else: no check of a number against its key, no count, no
 * watermark, no order of keys. Nobody would run it; it is what the gain of dense keys could be at most on this machine.
 */
export function openDenseLoop(): OpenFlow {
  const tally: Tally = { events: 0, total: 0 };
  return { run: (batches) => threeDense(batches as readonly Events[], tally), close: () => tally };
}

function threeDense(batches: readonly Events[], tally: Tally): void {
  const totals = new Float64Array(KEYS);
  const isOpen = new Uint8Array(KEYS);
  const names = keyColumns[0]?.values as readonly string[];
  let endMs = -Infinity;
  const close = (): void => {
    const rows: Row[] = [];
    for (let id = 0; id < KEYS; id += 1) {
      if (isOpen[id] === 1) rows.push({ key: names[id] as string, end: endMs, total: totals[id] as number });
    }
    give(rows, tally);
    totals.fill(0);
    isOpen.fill(0);
  };
  for (let b = 0; b < batches.length; b += 1) {
    const events = batches[b] as Events;
    const ids = keyColumns[b]?.ids as Int32Array;
    for (let i = 0; i < events.length; i += 1) {
      const event = rounded(events[i] as Event);
      if (!isKept(event)) continue;
      const { ts, value } = event;
      if (ts >= endMs) {
        close();
        endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
      }
      const id = ids[i] as number;
      totals[id] = (totals[id] as number) + value;
      isOpen[id] = 1;
    }
  }
  close();
}

function rowsOf(open: ReadonlyMap<string, number>, end: number): Row[] {
  const rows: Row[] = [];
  for (const [key, total] of open) rows.push({ key, end, total });
  return rows;
}

function give(rows: readonly Row[], tally: Tally): void {
  for (const row of rows) tallyRow(tally, row);
}

function openCalls(job: AsyncJobName): OpenFlow {
  const calls = new Calls();
  const limit = IN_FLIGHT[job];
  return {
    run: (batches) => (job === 'each' ? eachEvent(batches, calls, limit) : eachBatch(batches, calls, limit)),
    close: () => ({ events: calls.done, total: calls.most }),
  };
}

/** A counter and a callback: as cheap as a bounded number of calls can be. */
function eachEvent(batches: readonly Batch[], { call }: Calls, limit: number): Promise<void> {
  return new Promise((resolve) => {
    let running = 0;
    let batch = 0;
    let index = 0;
    const ended = (): void => {
      running -= 1;
      begin();
    };
    const begin = (): void => {
      for (; batch < batches.length; batch += 1, index = 0) {
        const events = batches[batch] as readonly never[];
        while (index < events.length) {
          if (running === limit) return;
          running += 1;
          void call(events[index++] as never).then(ended);
        }
      }
      if (running === 0) resolve();
    };
    begin();
  });
}

function eachBatch(batches: readonly Batch[], { call }: Calls, limit: number): Promise<void> {
  return new Promise((resolve) => {
    let running = 0;
    let batch = 0;
    const ended = (): void => {
      running -= 1;
      begin();
    };
    const begin = (): void => {
      while (batch < batches.length && running < limit) {
        running += 1;
        void call(batches[batch++] as never).then(ended);
      }
      if (running === 0) resolve();
    };
    begin();
  });
}
