/** What comes in front of a simulated stage: a source that always has more, callers who wait for answers, or arrivals at a rate. */

import { Origin } from '../../event/origin.ts';
import type { Slice } from '../../event/batch.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { Random, Scheduler } from '../../time/clock.ts';
import { gauss, type Plant } from './plant.ts';

/** Where the load writes: a stage. */
export interface LoadTarget {
  write(slice: Slice): undefined | Promise<void>;
  account(): { readonly backlogEvents: number };
}

export interface LoadEnvironment {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly settings: () => StageSettings;
  /** Events offered so far are counted here, also those that still wait outside. */
  readonly offered: (events: number) => void;
  /** The listener is told of events that were confirmed, or given up. */
  readonly whenEnded: (listener: (events: number) => void) => void;
}

/** What one read delivers at most. */
const READ_EVENTS = 256;
/** Below this, arrivals per ms, each has a time of its own; above, those of one ms have the same. */
const SINGLY_BELOW = 2;
const TICK_MS = 1;

/** Arrays of so many events; a slice that is all of its array is taken by a stage without a copy. */
const arrays = new Map<number, readonly undefined[]>();
const MAX_ARRAYS = 256;

export function startLoad(plant: Plant, target: LoadTarget, environment: LoadEnvironment): void {
  const { arrivals, mostPerSecond, bulk, callers } = plant;
  if (callers !== undefined) askAgain(callers, target, environment);
  else if (arrivals !== 'saturating')
    arrive(typeof arrivals === 'number' ? () => arrivals : arrivals, bulk, target, environment);
  else if (mostPerSecond === undefined) saturate(bulk, target, environment);
  else make(mostPerSecond / 1000, bulk, target, environment);
}

/** Writes whenever it is let go on: a bulk, or as much as there is room for. */
function saturate(
  bulk: number | undefined,
  target: LoadTarget,
  { scheduler, settings, offered }: LoadEnvironment,
): void {
  let last: StageSettings | undefined;
  /**
   * The next of equal slices that add up to what the edge may hold, each of at most a read, or a batch where that is larger. What is
   * still in an edge that has just become smaller counts too: beyond it the last events of a batch would wait for a second call.
   */
  const fitting = (): number => {
    const now = settings();
    const { edgeEvents, batchLimit } = now;
    // While settings stay nothing is left over, and accounts are dear.
    const room = now === last ? edgeEvents : Math.max(1, edgeEvents - target.account().backlogEvents);
    last = now;
    return Math.ceil(room / Math.ceil(room / Math.max(READ_EVENTS, batchLimit)));
  };
  const fill = (): void => {
    for (;;) {
      const events = bulk ?? fitting();
      offered(events);
      const blocked = target.write(sliceOf(events, scheduler.now()));
      if (blocked !== undefined) {
        void blocked.then(fill);
        return;
      }
    }
  };
  fill();
}

/** Each caller sends its next event as soon as the last one has ended; an edge that is full holds nobody back. */
function askAgain(callers: number, target: LoadTarget, { scheduler, offered, whenEnded }: LoadEnvironment): void {
  const send = (events: number): void => {
    offered(events);
    void target.write(sliceOf(events, scheduler.now()));
  };
  whenEnded(send);
  send(callers);
}

/** Makes one read after the other, each once the one before is taken. @param perMs - events */
function make(
  perMs: number,
  bulk: number | undefined,
  target: LoadTarget,
  { scheduler, random, offered }: LoadEnvironment,
): void {
  const next = (): void => {
    const events = bulk ?? Math.min(READ_EVENTS, Math.max(1, poisson(perMs * TICK_MS, random)));
    scheduler.after(events / perMs, () => {
      offered(events);
      const blocked = target.write(sliceOf(events, scheduler.now()));
      if (blocked === undefined) next();
      else void blocked.then(next);
    });
  };
  next();
}

/** Poisson arrivals, of events or of bulks, whatever becomes of them: what is held back keeps its time of arrival. */
function arrive(
  rate: (now: number) => number,
  bulk: number | undefined,
  target: LoadTarget,
  { scheduler, random, offered }: LoadEnvironment,
): void {
  const together = bulk ?? 1;
  const waiting: Slice[] = [];
  let isBlocked = false;
  const flush = (): void => {
    isBlocked = false;
    for (let slice = waiting.shift(); slice !== undefined; slice = waiting.shift()) {
      const blocked = target.write(slice);
      if (blocked === undefined) continue;
      isBlocked = true;
      void blocked.then(flush);
      return;
    }
  };
  const next = (): void => {
    const perMs = rate(scheduler.now()) / together / 1000;
    const isSingle = perMs < SINGLY_BELOW;
    const count = isSingle ? 1 : poisson(perMs * TICK_MS, random);
    const gapMs = isSingle ? -Math.log(1 - random()) / perMs : TICK_MS;
    // A rate that changes with time is asked again after at most ten ms.
    if (gapMs > 10) scheduler.after(10, next);
    else
      scheduler.after(gapMs, () => {
        take(count * together);
        next();
      });
  };
  const take = (events: number): void => {
    offered(events);
    const most = bulk ?? READ_EVENTS;
    for (let left = events; left > 0; left -= most) waiting.push(sliceOf(Math.min(left, most), scheduler.now()));
    if (!isBlocked) flush();
  };
  next();
}

function sliceOf(events: number, now: number): Slice {
  const origin = new Origin('load', 0, events, now, () => undefined);
  return { events: eventsOf(events), start: 0, end: events, bytes: events * 64, origin };
}

function eventsOf(count: number): readonly undefined[] {
  const known = arrays.get(count);
  if (known !== undefined) return known;
  if (arrays.size === MAX_ARRAYS) arrays.clear();
  const made = new Array<undefined>(count).fill(undefined);
  arrays.set(count, made);
  return made;
}

/** Exact below 30, normal above. */
function poisson(mean: number, random: Random): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}
