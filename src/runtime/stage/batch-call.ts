/** How the async operators whose calls take many events do a call. */

import type { WriteOptions } from '../../event/sink.ts';
import type { StageSpec } from '../../flow/graph.ts';
import type { Scheduler } from '../../time/clock.ts';
import type { StageCall } from './failure/attempts.ts';
import { isPromise } from './is-promise.ts';

/** The result of a call is the array of events to hand on. */
export function batchCall(
  name: string,
  spec: Exclude<StageSpec, { kind: 'mapAsync' }>,
  scheduler: Scheduler,
): StageCall {
  return spec.kind === 'mapBatch' ? checkedCall(name, spec.fn as BatchFunction) : pacedCall(spec.perSecond, scheduler);
}

type BatchFunction = (events: readonly unknown[], options: WriteOptions) => unknown;

/**
 * A rate limit is a server that takes 1/rate seconds per event: a call lasts as long as its events are
 * worth, on a schedule that does not drift. Batches are settings' business: at most 10 ms worth.
 */
function pacedCall(perSecond: number, scheduler: Scheduler): StageCall {
  let freeAt = Number.NEGATIVE_INFINITY;
  return (events) => {
    const now = scheduler.now();
    freeAt = Math.max(freeAt, now) + (events.length / perSecond) * 1000;
    const waitMs = freeAt - now;
    if (waitMs < 1) return events; // below a timer's resolution: the schedule makes up for it
    return new Promise((resolve) => {
      scheduler.after(waitMs, () => resolve(events));
    });
  };
}

function checkedCall(name: string, fn: BatchFunction): StageCall {
  const check = (result: unknown): unknown => {
    if (!Array.isArray(result)) throw new TypeError(`${name} must give an array of results`);
    return result;
  };
  return (events, options) => {
    const result = fn(events, options);
    return isPromise(result) ? result.then(check) : check(result);
  };
}
