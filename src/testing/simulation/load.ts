/** What comes in front of a simulated stage: a source that always has more, or arrivals at a rate. */

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
}

/** What one read delivers at most. */
const READ_EVENTS = 256;
/** Below this, events per ms, each arrival has a time of its own; above, those of one ms come together. */
const SINGLY_BELOW = 2;
const TICK_MS = 1;

/** Arrays of so many events; a slice that is all of its array is taken by a stage without a copy. */
const arrays = new Map<number, readonly undefined[]>();
const MAX_ARRAYS = 256;

export function startLoad(plant: Plant, target: LoadTarget, environment: LoadEnvironment): void {
  const { arrivals, mostPerSecond } = plant;
  if (arrivals !== 'saturating') arrive(typeof arrivals === 'number' ? () => arrivals : arrivals, target, environment);
  else if (mostPerSecond === undefined) saturate(target, environment);
  else make(mostPerSecond / 1000, target, environment);
}

/**
 * Fills the edge whenever it has room, in slices that add up to it, whole batches where they are larger than a read: what is over
 * from a larger batch before is part of the next one, and nothing waits longer for it.
 */
function saturate(target: LoadTarget, { scheduler, settings, offered }: LoadEnvironment): void {
  let last: StageSettings | undefined;
  const fill = (): void => {
    for (;;) {
      const now = settings();
      const { edgeEvents, batchLimit } = now;
      // Something is over only once after a change; accounts are dear.
      const room = now === last ? edgeEvents : Math.max(1, edgeEvents - target.account().backlogEvents);
      last = now;
      const events = Math.ceil(room / Math.ceil(room / Math.max(READ_EVENTS, batchLimit)));
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

/** Makes one read after the other, each once the one before is taken. @param perMs - events */
function make(perMs: number, target: LoadTarget, { scheduler, random, offered }: LoadEnvironment): void {
  const next = (): void => {
    const events = Math.min(READ_EVENTS, Math.max(1, poisson(perMs * TICK_MS, random)));
    scheduler.after(events / perMs, () => {
      offered(events);
      const blocked = target.write(sliceOf(events, scheduler.now()));
      if (blocked === undefined) next();
      else void blocked.then(next);
    });
  };
  next();
}

/** Poisson arrivals, whatever becomes of them: what is held back keeps its time of arrival. */
function arrive(rate: (now: number) => number, target: LoadTarget, environment: LoadEnvironment): void {
  const { scheduler, random, offered } = environment;
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
    const perMs = rate(scheduler.now()) / 1000;
    const isSingle = perMs < SINGLY_BELOW;
    const count = isSingle ? 1 : poisson(perMs * TICK_MS, random);
    const gapMs = isSingle ? -Math.log(1 - random()) / perMs : TICK_MS;
    // A rate that changes with time is asked again after at most ten ms.
    if (gapMs > 10) scheduler.after(10, next);
    else
      scheduler.after(gapMs, () => {
        take(count);
        next();
      });
  };
  const take = (count: number): void => {
    offered(count);
    for (let left = count; left > 0; left -= READ_EVENTS) {
      waiting.push(sliceOf(Math.min(left, READ_EVENTS), scheduler.now()));
    }
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
