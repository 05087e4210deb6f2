/**
 * An open-loop load: events come when they are due, whether or not the flow keeps up.
 *
 * **Invariants** (generate.test.ts)
 * - The number of events depends on rate and time only, never on how fast the flow is.
 * - A batch's `acceptedAt` is the intended time of its first event, so falling behind shows as latency
 *   (no coordinated omission).
 */

import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import { FORMATS, type ByteSource, type EventSource, type Format, type SourceContext } from '../../event/source.ts';
import type { Duration } from '../../time/duration.ts';
import { batchBytes } from '../../event/event-size.ts';
import { durationOption, functionOption, integerOption, nameOption, wordOption } from '../options.ts';
import { onAbort, pause } from '../waiting.ts';
import { ConstantSchedule, VaryingSchedule, type Due, type Schedule } from './schedule.ts';

/** Events per second, or how they change: a function of the ms since the start (not above 0: a pause). */
export type Rate = number | ((elapsedMs: number) => number);

export interface LoadOptions {
  readonly name?: string;
  /** Events per second, up to 100 million. */
  readonly rate: Rate;
  /** Ends after this many events. Default: never. */
  readonly limit?: number;
  /** Ends when this time has passed; what was due by then is still handed over. Default: never. */
  readonly duration?: Duration;
}

export interface GenerateOptions<E> extends LoadOptions {
  /**
   * Makes event `index`, counted from 0.
   * @param timeMs - its intended time, ms since the epoch with a fraction: a natural event time
   */
  readonly make: (index: number, timeMs: number) => E;
}

export interface GenerateBytesOptions extends LoadOptions {
  /** Makes `count` records from number `first` on, whole lines; only read before the next call, so it may be reused. */
  readonly make: (first: number, count: number, timeMs: number) => Uint8Array;
  /** Default `ndjson`. */
  readonly format?: Format;
}

/** Most events handed over at once: how far one turn catches up before it looks around. */
const BATCH_EVENTS = 1024;
/** Events due within this time come as one batch, ms. */
const TICK_MS = 1;
/** How long the source may keep the event loop, ms. */
const TURN_MS = 2;
/** A varying rate is asked again at least this often, ms. */
const LONGEST_PAUSE_MS = 50;
const MAX_RATE = 1e8;

/**
 * A source that makes its events itself, at a given rate. Events due within about 1 ms come as one
 * batch. Cost: about 0.1 us of CPU per event at 1M per second, most of it the wake-up each ms.
 *
 * @throws ConfigError for a rate or a bound that makes no sense
 * @example
 * generate({ rate: 100_000, make: (i, time) => ({ id: i, time, card: `c${i % 1000}` }), duration: '30s' })
 */
export function generate<E>(options: GenerateOptions<E>): EventSource<E> {
  const load = readLoad(options, 'generate');
  const { make } = options;
  const { name } = load;
  return {
    kind: 'events',
    name,
    replays: true,
    run: (output, context) => {
      const [done = 0] = context.resume.values(); // one partition, called as the flow calls the source
      return openLoop({ ...load, limit: load.limit - done }, context, ({ first, count }, intended, timeOf) => {
        const events: E[] = [];
        for (let i = 0; i < count; i += 1) events.push(make(done + first + i, timeOf(i)));
        return output.write({ events, bytes: batchBytes(events), acceptedAt: intended });
      });
    },
  };
}

/**
 * The same load as bytes that are decoded by the engine: what the demo and the benches feed, from
 * records encoded beforehand.
 *
 * @throws ConfigError as `generate` does
 */
export function generateBytes(options: GenerateBytesOptions): ByteSource {
  const load = readLoad(options, 'generateBytes');
  const { make } = options;
  const { name } = load;
  const format = wordOption(options.format, 'generateBytes().format', FORMATS, 'ndjson');
  return {
    kind: 'bytes',
    name,
    format,
    run: async (output, context) => {
      const channel = output.channel(name);
      try {
        await openLoop(load, context, ({ first, count }, intended, timeOf) =>
          channel.write(make(first, count, timeOf(0)), intended),
        );
      } finally {
        channel.end();
        output.endPartition(name);
      }
    },
  };
}

interface Load {
  readonly name: string;
  readonly schedule: () => Schedule;
  readonly limit: number;
  readonly durationMs: number;
}

/** @param intended - monotonic ms of the first event @param timeOf - epoch ms of the i-th of them */
type Emit = (due: Due, intended: number, timeOf: (i: number) => number) => undefined | Promise<void>;

async function openLoop(load: Load, context: SourceContext, emit: Emit): Promise<void> {
  const { scheduler, signal } = context;
  const schedule = load.schedule();
  const start = scheduler.now();
  const startWall = scheduler.wall();
  // Strictly before the end: at 1000 per second, one second is 1000 events.
  const lastMs = load.durationMs - EDGE_MS;
  let left = load.limit;
  let turnEnds = start + TURN_MS;
  while (left > 0 && !signal.aborted) {
    const elapsed = scheduler.now() - start;
    const due = schedule.take(Math.min(elapsed, lastMs), Math.min(left, BATCH_EVENTS));
    if (due === undefined) {
      if (elapsed > lastMs) return;
      const untilNext = start + Math.min(schedule.nextMs(), load.durationMs) - scheduler.now();
      await pause(scheduler, Math.min(Math.max(untilNext, TICK_MS), LONGEST_PAUSE_MS), signal);
      turnEnds = scheduler.now() + TURN_MS;
      continue;
    }
    left -= due.count;
    // Within a batch the events are spread evenly up to when the next one is due.
    const spacing = Math.max(0, schedule.nextMs() - due.firstMs) / due.count;
    const blocked = emit(due, start + due.firstMs, (i) => startWall + due.firstMs + i * spacing);
    if (blocked !== undefined) await untilRoom(blocked, signal);
    if (due.count < BATCH_EVENTS) {
      // Caught up: without the pause a fast load would look for single events all the time.
      await pause(scheduler, TICK_MS, signal);
      turnEnds = scheduler.now() + TURN_MS;
    } else if (scheduler.now() >= turnEnds) {
      await scheduler.yield();
      turnEnds = scheduler.now() + TURN_MS;
    }
  }
}

/** Less than the distance of two events at any allowed rate. */
const EDGE_MS = 1e-6;

/** The batch was taken either way: an abort need not wait for room. */
function untilRoom(blocked: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, resolve);
    void blocked.then(resolve, reject).finally(forget);
  });
}

function readLoad(options: LoadOptions & { make: unknown }, path: string): Load {
  knownOptions(options, `${path}()`, ['name', 'rate', 'limit', 'duration', 'make', 'format']);
  functionOption(options.make, `${path}().make`, '(i) => ({ id: i })');
  const { rate } = options;
  if (typeof rate !== 'function' && !(typeof rate === 'number' && rate > 0 && rate <= MAX_RATE)) {
    throw new ConfigError(`${path}().rate`, `events per second from above 0 to ${MAX_RATE}, or a function`, rate);
  }
  return {
    name: nameOption(options.name, `${path}().name`, 'generate'),
    schedule: () => (typeof rate === 'function' ? new VaryingSchedule(rate) : new ConstantSchedule(rate)),
    limit: options.limit === undefined ? Infinity : integerOption(options.limit, `${path}().limit`, LIMIT),
    durationMs: durationOption(options.duration, `${path}().duration`, Infinity),
  };
}

const LIMIT = { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 };
