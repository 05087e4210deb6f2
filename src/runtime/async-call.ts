/** How each kind of async operator does a call, and what comes out of it. */

import type { Taken } from '../buffer/edge.ts';
import { OperatorError } from '../errors/errors.ts';
import type { WriteOptions } from '../event/sink.ts';
import type { StageSpec } from '../flow/graph.ts';
import { deadLetterEvent, type FailurePolicy, type StageEnvironment } from './stage.ts';
import type { StageCall } from './waiting-stage.ts';

export interface AsyncCall {
  readonly start: StageCall;
  /** The events to hand on; those that failed are dealt with by policy. */
  readonly outputs: (result: unknown, taken: Taken) => readonly unknown[];
}

export function asyncCall(
  name: string,
  spec: StageSpec,
  policy: FailurePolicy,
  environment: StageEnvironment,
): AsyncCall {
  switch (spec.kind) {
    case 'mapAsync':
      return eachCall(name, spec.fn as EachFunction, policy, environment);
    case 'mapBatch':
      return { start: batchCall(name, spec.fn as BatchFunction), outputs: (result) => result as readonly unknown[] };
    case 'rateLimit':
      return { start: pacedCall(spec.perSecond, environment), outputs: (result) => result as readonly unknown[] };
  }
}

type EachFunction = (event: unknown, options: WriteOptions) => unknown;
type BatchFunction = (events: readonly unknown[], options: WriteOptions) => unknown;

/** An event whose function threw, in the place of its result. */
class Failed {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Calls `fn` once per event; the call ends when the last one has. A failing event does not touch the others. */
function eachCall(name: string, fn: EachFunction, policy: FailurePolicy, environment: StageEnvironment): AsyncCall {
  const start: StageCall = (events, options, free) => {
    const results = new Array<unknown>(events.length);
    let pending = 0;
    let ready = 0;
    let finish: ((results: unknown[]) => void) | undefined;
    const settle = (index: number, result: unknown): void => {
      results[index] = result;
      pending -= 1;
      if (pending === 0) finish?.(results);
      else free();
    };
    for (let i = 0; i < events.length; i += 1) {
      const result = attempt(fn, events[i], options);
      if (isPromise(result)) {
        pending += 1;
        result.then(
          (value) => settle(i, value),
          (cause: unknown) => settle(i, new Failed(cause)),
        );
      } else {
        results[i] = result;
        ready += 1;
      }
    }
    if (pending === 0) return results;
    for (; ready > 0; ready -= 1) free();
    return new Promise<unknown[]>((resolve) => {
      finish = resolve;
    });
  };
  return { start, outputs: (result, taken) => withoutFailures(result as unknown[], taken, name, policy, environment) };
}

function attempt(fn: EachFunction, event: unknown, options: WriteOptions): unknown {
  try {
    return fn(event, options);
  } catch (cause) {
    return new Failed(cause);
  }
}

function withoutFailures(
  results: unknown[],
  taken: Taken,
  name: string,
  policy: FailurePolicy,
  environment: StageEnvironment,
): unknown[] {
  if (!results.some((result) => result instanceof Failed)) return results;
  let next = 0;
  for (const { origin, events } of taken.parts) {
    for (const end = next + events; next < end; next += 1) {
      const result = results[next];
      if (!(result instanceof Failed)) continue;
      const error = new OperatorError({ flow: environment.flow, operator: name }, result.cause);
      if (policy === 'stop') environment.fatal(error);
      else if (policy === 'deadLetter') deadLetterEvent(taken.events[next], origin, name, error, environment);
    }
  }
  return results.filter((result) => !(result instanceof Failed));
}

/**
 * A rate limit is a server that takes 1/rate seconds per event: a call lasts as long as its events are
 * worth, on a schedule that does not drift. Batches are settings' business: at most 10 ms worth.
 */
function pacedCall(perSecond: number, { scheduler }: StageEnvironment): StageCall {
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

function batchCall(name: string, fn: BatchFunction): StageCall {
  const check = (result: unknown): unknown => {
    if (!Array.isArray(result)) throw new TypeError(`${name} must give an array of results`);
    return result;
  };
  return (events, options) => {
    const result = fn(events, options);
    return isPromise(result) ? result.then(check) : check(result);
  };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
