/**
 * A plant: what a stage calls, as a model. The interface is public, so that anybody can write the target
 * that troubles them and see what tuning does with it: `npm run bench:tuning -- --plants FILE`.
 *
 * @example
 * // A database with eight connections, 2 ms a call and 10 us a row.
 * export const database = {
 *   name: 'database',
 *   targetMs: 30,
 *   arrivals: 'saturating',
 *   servers: 8,
 *   service: (call) => firstFree(call, (2 + 0.01 * call.batch) * noise(call.random, 0.1)),
 * };
 */

import { NATURAL_BOUNDS, type KnobBounds } from '../../control/goal.ts';
import type { Random } from '../../time/clock.ts';

/** One call, as the plant sees it when it starts. */
export interface PlantCall {
  /** Events in the call. */
  readonly batch: number;
  /** Calls in service, this one included. */
  readonly inFlight: number;
  /** Virtual ms since the start of the run. */
  readonly now: number;
  readonly random: Random;
  /** When each of the plant's servers is free again, virtual ms; the plant writes to it. */
  readonly servers: Float64Array;
  /** The plant's own memory (tokens of a bucket, a cache that warms up); empty at the start of each run. */
  readonly state: Record<string, number>;
}

export interface PlantReply {
  readonly durationMs: number;
  /** `rejected`: asked for less (429, pool exhausted). `failed`: may be tried again. Default `ok`. */
  readonly outcome?: 'ok' | 'failed' | 'rejected';
  /** Cost of the call to the target, in any unit; the cheaper of two settings does less of it. Default: its duration. */
  readonly work?: number;
}

export interface Plant {
  readonly name: string;
  /** p95 of acceptance to confirmation to keep, ms. */
  readonly targetMs: number;
  /** `saturating`: as many events as are taken. Else events per second, constant or at a time (virtual ms). */
  readonly arrivals: 'saturating' | number | ((now: number) => number);
  /** Events per second that a saturating source can make, one read after the other, as one that parses a file. Default: any. */
  readonly mostPerSecond?: number;
  /** Events that the source gives at once: they are accepted together, whether there is room for them or not. Default: as they come. */
  readonly bulk?: number;
  /**
   * In place of a source that always has more: callers with one event each, who send again once it has ended (a closed loop), as those of
   * `tuned()`. Those who are answered by the same call come together, before the next call starts.
   */
  readonly callers?: number;
  /** A `mapAsync` calls it, once per event, in front of a sink that takes no time. Default: a sink calls it, with what has queued. */
  readonly mapAsync?: { readonly ordered: boolean };
  /** How long the call takes, ms; or that and how it ends. Called in the order in which calls start. */
  readonly service: (call: PlantCall) => number | PlantReply;
  /** Length of `call.servers`. Default 1. */
  readonly servers?: number;
  /** Length of a run, virtual ms. Default 30,000. */
  readonly durationMs?: number;
  /** Stretches that are scored by themselves, each against its own best fixed settings, virtual ms. Default: the whole run. */
  readonly phases?: readonly (readonly [fromMs: number, toMs: number])[];
  /** The event loop stands still: every so often, for so long. */
  readonly pauses?: { readonly everyMs: number; readonly lengthMs: number };
  /** What a user has pinned or bounded. */
  readonly bounds?: Partial<KnobBounds>;
  /** True: the cost curves are of the kind `(a + c b)(1 + s(n-1) + k n(n-1))` or finite servers. Only groups the report. */
  readonly inFamily?: boolean;
}

export const DEFAULT_DURATION_MS = 30_000;

/** The whole run, or its phases. */
export function phasesOf({ phases, durationMs = DEFAULT_DURATION_MS }: Plant): readonly (readonly [number, number])[] {
  return phases ?? [[0, durationMs]];
}

/** What the settings of its stage may be. */
export function boundsOf({ bounds, mapAsync }: Plant): KnobBounds {
  const ofCalls = mapAsync === undefined ? {} : { batchLimit: { min: 1, max: 1 } };
  return { ...NATURAL_BOUNDS, ...bounds, ...ofCalls };
}

/** A draw of the standard normal distribution. */
export function gauss(random: Random): number {
  // Box-Muller; 1 - u is never 0.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A log-normal factor with mean 1. @param sigma - of its logarithm */
export function noise(random: Random, sigma: number): number {
  return Math.exp(sigma * gauss(random) - (sigma * sigma) / 2);
}

/** Waits for the first free server and keeps it for `busyMs`. @returns ms from now to the end of the service */
export function firstFree({ servers, now }: PlantCall, busyMs: number): number {
  let first = 0;
  for (let i = 1; i < servers.length; i += 1) if ((servers[i] as number) < (servers[first] as number)) first = i;
  const end = Math.max(now, servers[first] as number) + busyMs;
  servers[first] = end;
  return end - now;
}
