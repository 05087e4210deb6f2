import type { StageSettings } from '../../../control/settings.ts';
import { ConnectorError } from '../../../errors/errors.ts';
import type { DeadLetter } from '../../../event/dead-letter.ts';
import { Origin } from '../../../event/origin.ts';
import type { Scheduler } from '../../../time/clock.ts';
import { EachStage } from '../each-stage.ts';
import type { ProtectionOptions } from './protection.ts';
import type { FailurePolicy, Stage, StageEnvironment } from '../stage.ts';
import { WaitingStage } from '../waiting-stage.ts';

type Call = (events: readonly unknown[], options: { readonly signal: AbortSignal }) => unknown;

export const SETTINGS: StageSettings = {
  batchLimit: 64,
  concurrency: 1,
  burstConcurrency: 1,
  burstAgeMs: 0,
  lingerMs: 0,
  minGapMs: 0,
  edgeEvents: 10_000,
  edgeBytes: 1e9,
};
const PROTECTION: ProtectionOptions = { timeoutMs: 1000, tries: 3, hasBreaker: true };

/** Virtual time. */
interface Time extends Scheduler {
  advance(ms: number): Promise<void>;
  skip(ms: number): void;
}

/** Of the test that runs. */
interface World {
  scheduler: Time;
  settings: StageSettings;
  calls: { at: number; events: readonly unknown[]; signal: AbortSignal }[];
  letters: DeadLetter[];
  fatal: unknown[];
  notices: string[];
  breaker: string[];
  out: unknown[];
  settled: { confirmed: number; rejected: number };
}

export const world = {} as World;

/** Before each test. */
export function reset(scheduler: Time): void {
  const told = { calls: [], letters: [], fatal: [], notices: [], breaker: [], out: [] };
  Object.assign(world, { ...told, scheduler, settings: SETTINGS, settled: { confirmed: 0, rejected: 0 } });
}

function environment(): StageEnvironment {
  return {
    flow: 'f',
    scheduler: world.scheduler,
    random: () => 1,
    signal: new AbortController().signal,
    settings: () => world.settings,
    deadLetter: (letter) => world.letters.push(letter),
    notice: (level, message) => world.notices.push(`${level} ${message}`),
    breakerChanged: ({ stage, state }) => world.breaker.push(`${stage} ${state}`),
    fatal: (cause) => world.fatal.push(cause),
  };
}

function noted(call: Call): Call {
  return (events, options) => {
    world.calls.push({ at: world.scheduler.now(), events, signal: options.signal });
    return call(events, options);
  };
}

interface Declared {
  readonly kind?: 'sink' | 'async';
  readonly whenFailing?: FailurePolicy;
  readonly protection?: Partial<ProtectionOptions>;
}

export function batches(call: Call, { kind = 'sink', whenFailing = 'deadLetter', protection }: Declared = {}): Stage {
  const shared = { name: 'stage', ordered: false, whenSlow: 'block', whenFailing, drained: () => undefined } as const;
  const completed = (results: unknown, { parts }: { readonly parts: readonly { origin: Origin }[] }): undefined => {
    world.out.push(...(Array.isArray(results) ? (results as unknown[]) : []));
    for (const { origin } of parts) origin.release();
  };
  const options = { ...shared, kind, call: noted(call), completed, protection: { ...PROTECTION, ...protection } };
  return new WaitingStage(options, environment(), 1);
}

export function each(
  call: (event: unknown) => unknown,
  { whenFailing = 'deadLetter', protection }: Declared = {},
): Stage {
  const fn = (event: unknown, options: { readonly signal: AbortSignal }): unknown =>
    noted(([one]) => call(one))([event], options);
  return new EachStage(
    {
      name: 'stage',
      ordered: true,
      whenSlow: 'block',
      whenFailing,
      drained: () => undefined,
      completed: (results, { parts }) => {
        world.out.push(...results);
        for (const { origin } of parts) origin.release();
        return undefined;
      },
      fn,
      protection: { ...PROTECTION, ...protection },
    },
    environment(),
    1,
  );
}

export function write(stage: Stage, events: readonly unknown[]): void {
  const origin = new Origin('p', 0, events.length, world.scheduler.now(), (o) => {
    world.settled[o.isConfirmed ? 'confirmed' : 'rejected'] += o.events;
  });
  void stage.write({ events, start: 0, end: events.length, bytes: events.length, origin });
}

export function takes(ms: number, result?: unknown): Promise<unknown> {
  return new Promise((resolve) => void world.scheduler.after(ms, () => resolve(result)));
}

export const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
export const away = (): never => {
  throw new ConnectorError('db', 'away', { retryable: true });
};
export const never = (): Promise<never> => new Promise(() => undefined);
