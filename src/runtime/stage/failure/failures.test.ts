import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StageSettings } from '../../../control/settings.ts';
import { ConnectorError } from '../../../errors/errors.ts';
import type { DeadLetter } from '../../../event/dead-letter.ts';
import { Origin } from '../../../event/origin.ts';
import { VirtualScheduler } from '../../../testing/virtual-scheduler.ts';
import { EachStage } from '../each-stage.ts';
import type { ProtectionOptions } from './protection.ts';
import type { FailurePolicy, Stage, StageEnvironment } from '../stage.ts';
import { WaitingStage } from '../waiting-stage.ts';

type Call = (events: readonly unknown[], options: { readonly signal: AbortSignal }) => unknown;

const SETTINGS: StageSettings = {
  batchLimit: 64,
  concurrency: 1,
  burstConcurrency: 1,
  burstAgeMs: 0,
  lingerMs: 0,
  minGapMs: 0,
  edgeEvents: 10_000,
  edgeBytes: 1e9,
};
const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);
const PROTECTION: ProtectionOptions = { timeoutMs: 1000, tries: 3, hasBreaker: true };

let scheduler: VirtualScheduler;
let settings: StageSettings;
let calls: { at: number; events: readonly unknown[]; signal: AbortSignal }[];
let letters: DeadLetter[];
let fatal: unknown[];
let notices: string[];
let breaker: string[];
let out: unknown[];
let settled: { confirmed: number; rejected: number };

beforeEach(reset);

function reset(): void {
  scheduler = new VirtualScheduler();
  settings = SETTINGS;
  [calls, letters, fatal, notices, breaker, out] = [[], [], [], [], [], []];
  settled = { confirmed: 0, rejected: 0 };
}

function environment(): StageEnvironment {
  return {
    flow: 'f',
    scheduler,
    random: () => 1,
    signal: new AbortController().signal,
    settings: () => settings,
    deadLetter: (letter) => letters.push(letter),
    notice: (level, message) => notices.push(`${level} ${message}`),
    breakerChanged: ({ stage, state }) => breaker.push(`${stage} ${state}`),
    fatal: (cause) => fatal.push(cause),
  };
}

function noted(call: Call): Call {
  return (events, options) => {
    calls.push({ at: scheduler.now(), events, signal: options.signal });
    return call(events, options);
  };
}

interface Declared {
  readonly kind?: 'sink' | 'async';
  readonly whenFailing?: FailurePolicy;
  readonly protection?: Partial<ProtectionOptions>;
}

function batches(call: Call, { kind = 'sink', whenFailing = 'deadLetter', protection }: Declared = {}): Stage {
  const shared = { name: 'stage', ordered: false, whenSlow: 'block', whenFailing, drained: () => undefined } as const;
  const completed = (results: unknown, { parts }: { readonly parts: readonly { origin: Origin }[] }): undefined => {
    out.push(...(Array.isArray(results) ? (results as unknown[]) : []));
    for (const { origin } of parts) origin.release();
  };
  const options = { ...shared, kind, call: noted(call), completed, protection: { ...PROTECTION, ...protection } };
  return new WaitingStage(options, environment(), 1);
}

function each(call: (event: unknown) => unknown, { whenFailing = 'deadLetter', protection }: Declared = {}): Stage {
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
        out.push(...results);
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

function write(stage: Stage, events: readonly unknown[]): void {
  const origin = new Origin('p', 0, events.length, scheduler.now(), (o) => {
    settled[o.isConfirmed ? 'confirmed' : 'rejected'] += o.events;
  });
  void stage.write({ events, start: 0, end: events.length, bytes: events.length, origin });
}

function takes(ms: number, result?: unknown): Promise<unknown> {
  return new Promise((resolve) => void scheduler.after(ms, () => resolve(result)));
}

const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const away = (): never => {
  throw new ConnectorError('db', 'away', { retryable: true });
};
const never = (): Promise<never> => new Promise(() => undefined);

describe('poison events', () => {
  const poison = (bad: readonly unknown[]) => (events: readonly unknown[]) =>
    events.some((event) => bad.includes(event))
      ? takes(1).then(() => Promise.reject(new Error('poison')))
      : takes(1, events);

  it('are isolated from their batch within ceil(log2 B) + 1 tries, and the rest is confirmed', async () => {
    const stage = batches(poison([37]));
    write(stage, numbers(64));
    await scheduler.advance(100);
    expect(letters.map(({ event, reason }) => [event, reason])).toEqual([[37, 'Error: poison']]);
    expect(calls.filter(({ events }) => events.includes(37))).toHaveLength(7);
    expect(settled).toEqual({ confirmed: 64, rejected: 0 });
    expect(stage.account()).toMatchObject({ done: 63, failed: 1 });
  });

  it('leave concurrency, gate and breaker alone', async () => {
    const stage = batches(poison(numbers(64)));
    write(stage, numbers(64));
    await scheduler.advance(1000);
    expect(letters).toHaveLength(64);
    expect(stage.observe()).toMatchObject({ gate: 'open', waitingRetries: 0, rejected: 0 });
    expect([breaker, notices, fatal]).toEqual([[], [], []]);
  });

  it('do not cost a stage the results of their neighbours, nor their order', async () => {
    const stage = batches(poison([2, 5]), { kind: 'async' });
    write(stage, numbers(8));
    await scheduler.advance(100);
    expect(out).toEqual([0, 1, 3, 4, 6, 7]);
    expect(letters.map(({ event }) => event)).toEqual([2, 5]);
  });

  it('that are alone are tried three times, unless the code itself is wrong', async () => {
    const stage = batches((events) => Promise.reject(events[0] === 1 ? new TypeError('code') : new Error('flaky')));
    write(stage, [0]);
    await scheduler.advance(100);
    expect(calls.map(({ at }) => at)).toEqual([0, 5, 15]);
    write(stage, [1]);
    await scheduler.advance(100);
    expect([calls.length, letters.length]).toEqual([4, 2]);
  });

  it('of a function per event are tried as often, and may pass', async () => {
    let failures = 2;
    const stage = each((event) => {
      if (event !== 1) return takes(1, event);
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('flaky')) : takes(1, event);
    });
    write(stage, [0, 1, 2]);
    await scheduler.advance(100);
    expect([out, letters]).toEqual([[0, 1, 2], []]);
    expect(stage.account()).toMatchObject({ retried: 2, done: 3, failed: 0 });
  });

  it('are not deep: ten thousand that throw at once are isolated without a deep stack', () => {
    settings = { ...SETTINGS, batchLimit: 10_000 };
    const stage = batches(() => {
      throw new Error('all');
    });
    write(stage, numbers(10_000));
    expect([letters.length, settled.confirmed]).toEqual([10_000, 10_000]);
  });

  it('end the run at once where that is the policy', async () => {
    const stage = batches(poison([3]), { whenFailing: 'stop' });
    write(stage, numbers(8));
    await scheduler.advance(100);
    expect([calls.length, fatal.length, settled.rejected]).toEqual([1, 1, 8]);
  });

  it('that a target names by its answer are isolated; a target that never took anything ends the run', async () => {
    const refuses = (bad: number) => (events: readonly unknown[]) =>
      events.includes(bad) ? Promise.reject(new ConnectorError('http', '422', { aboutEvents: true })) : undefined;
    write(batches(refuses(3)), numbers(8));
    await scheduler.advance(10);
    expect([letters.length, settled.confirmed, fatal]).toEqual([1, 8, []]);
    write(batches(refuses(3)), [3]);
    await scheduler.advance(10);
    expect(fatal).toHaveLength(1);
  });
});

describe('a call that hangs', () => {
  it('is given up within its limit and a quarter, its signal aborts, and its slot does the work again', async () => {
    const stage = batches(() => (calls.length === 1 ? never() : takes(1)));
    write(stage, numbers(8));
    await scheduler.advance(999);
    expect(calls).toHaveLength(1);
    await scheduler.advance(300);
    expect(calls).toHaveLength(2);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(settled.confirmed).toBe(8);
    expect(stage.account()).toMatchObject({ timedOut: 1, retried: 8, timeoutMs: 1000 });
  });

  it('says nothing any more when it ends late', async () => {
    const stage = batches((events) => takes(calls.length === 1 ? 1500 : 600, events), { kind: 'async' });
    write(stage, [1]);
    await scheduler.advance(3000);
    expect([out, settled.confirmed, calls.length]).toEqual([[1], 1, 2]);
  });

  it('is its events fault while the target works for others, and they become dead letters', async () => {
    settings = { ...SETTINGS, concurrency: 2, burstConcurrency: 2, batchLimit: 1 };
    const stage = batches(([event]) => (event === 0 ? never() : takes(10)));
    write(stage, numbers(600));
    await scheduler.advance(10_000);
    expect(letters.map(({ event, reason }) => [event, reason])).toEqual([
      [0, 'TimeoutError: a call of stage did not end within 1000 ms'],
    ]);
    expect(settled.confirmed).toBe(600);
  });

  it('frees the place of an event, in order', async () => {
    settings = { ...SETTINGS, concurrency: 4 };
    const stage = each((event) => (event === 1 ? never() : takes(1, event)));
    write(stage, numbers(40));
    await scheduler.advance(6000);
    expect(letters.map(({ event }) => event)).toEqual([1]);
    expect(out).toEqual(numbers(40).filter((n) => n !== 1));
  });

  it.each([1, 2, 4])('is found out where %s may go at a time, however many hang in a row', async (concurrency) => {
    settings = { ...SETTINGS, concurrency };
    let [inFlight, most] = [0, 0];
    const bad = [0, 1, 2, 30, 31, 60];
    const stage = each((event) => {
      most = Math.max(most, (inFlight += 1));
      if (bad.includes(event as number)) return never();
      return takes(1, event).finally(() => (inFlight -= 1));
    });
    write(stage, numbers(80));
    stage.close();
    for (let s = 0; s < 200; s += 1) {
      inFlight = 0; // what is given up is in flight no more
      await scheduler.advance(1_000);
    }
    expect(letters.map(({ event }) => event)).toEqual(bad);
    expect(out).toEqual(numbers(80).filter((n) => !bad.includes(n)));
    expect(most).toBeLessThanOrEqual(2 * concurrency); // before and after one was given up
  });

  it.each(['batches', 'each'] as const)(
    'is found out at the end of a stream, where nothing follows (%s)',
    async (kind) => {
      settings = { ...SETTINGS, concurrency: 4, batchLimit: 1 };
      const call = (event: unknown): unknown => (event === 2 ? never() : takes(1, event));
      const stage = kind === 'each' ? each(call) : batches(([event]) => call(event));
      write(stage, numbers(6));
      stage.close();
      await scheduler.advance(60_000);
      expect([letters.map(({ event }) => event), settled.confirmed]).toEqual([[2], 6]);
    },
  );

  it.each(['batches', 'each'] as const)(
    'is nothing that an event is blamed for, when the target was away (%s)',
    async (kind) => {
      const outage = fc.record({ from: fc.nat(12_000), ms: fc.nat(8_000) });
      const outages = fc.array(outage, { maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(outages, fc.integer({ min: 1, max: 6 }), fc.nat(20), async (away, concurrency, ms) => {
          reset();
          settings = { ...SETTINGS, concurrency, batchLimit: 8 };
          const call = (event: unknown): unknown => {
            const now = scheduler.now();
            return away.some(({ from, ms }) => from <= now && now < from + ms) ? never() : takes(1 + ms, event);
          };
          const stage = kind === 'each' ? each(call) : batches(([event]) => call(event));
          for (let batch = 0; batch < 100; batch += 1) {
            write(stage, numbers(5));
            await scheduler.advance(150);
          }
          await scheduler.advance(60_000);
          expect([letters, settled.confirmed]).toEqual([[], 500]);
        }),
        { numRuns: 20, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );

  it('is not held against an event whose last call began just before the target was back', async () => {
    settings = { ...SETTINGS, concurrency: 4 };
    let [begun, isBack] = [0, false];
    const stage = each((event) => {
      begun += 1;
      isBack ||= begun === 8; // the fourth call of the second event
      return isBack ? takes(5, event) : never();
    });
    write(stage, [0]);
    await scheduler.advance(100);
    write(stage, [1]);
    stage.close();
    await scheduler.advance(60_000);
    expect([letters, out.length]).toEqual([[], 2]);
  });

  it.each(['batches', 'each'] as const)(
    'is nothing that the last events are blamed for, whenever an outage ends between their calls (%s)',
    async (kind) => {
      const timing = fc.record({
        from: fc.nat(5),
        to: fc.nat(9_000),
        count: fc.integer({ min: 1, max: 4 }),
        gap: fc.nat(3),
      });
      await fc.assert(
        fc.asyncProperty(timing, async ({ from, to, count, gap }) => {
          reset();
          settings = { ...SETTINGS, concurrency: 4, batchLimit: 1 };
          const call = (event: unknown): unknown =>
            from <= scheduler.now() && scheduler.now() < to ? never() : takes(1, event);
          const stage = kind === 'each' ? each(call) : batches(([event]) => call(event));
          write(stage, numbers(12));
          for (let event = 0; event < count; event += 1) {
            await scheduler.advance(gap);
            write(stage, [12 + event]);
          }
          stage.close();
          await scheduler.advance(60_000);
          expect([letters, settled.confirmed]).toEqual([[], 12 + count]);
        }),
        { numRuns: 100, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );

  it('opens the breaker when all do, and nothing is dead-lettered for it', async () => {
    settings = { ...SETTINGS, concurrency: 4, burstConcurrency: 4, batchLimit: 1 };
    let isStuck = true;
    const stage = batches(() => (isStuck ? never() : takes(1)));
    write(stage, numbers(100));
    await scheduler.advance(20_000);
    expect(breaker[0]).toBe('stage open');
    expect([letters, fatal]).toEqual([[], []]);
    isStuck = false;
    await scheduler.advance(5_000);
    expect(settled.confirmed).toBe(100);
  });

  it('is left alone where the process stood still, and where there is no limit', async () => {
    const stage = batches(() => takes(500));
    write(stage, [1]);
    scheduler.skip(60_000);
    await scheduler.advance(500);
    expect([settled.confirmed, stage.account().timedOut]).toEqual([1, 0]);
    write(batches(never, { protection: { timeoutMs: Infinity } }), [1]);
    await scheduler.advance(1e7);
    expect(calls).toHaveLength(2);
  });
});

describe('the breaker of a stage', () => {
  it.each(['batches', 'each'] as const)(
    'opens, probes with one call at most twice a second, and closes (%s)',
    async (kind) => {
      settings = { ...SETTINGS, concurrency: 8, burstConcurrency: 8, batchLimit: 1 };
      let isAway = true;
      const call = (): unknown => (isAway ? away() : takes(1));
      const stage = kind === 'batches' ? batches(call) : each(call);
      write(stage, numbers(100));
      await scheduler.advance(10_000);
      const before = calls.length;
      await scheduler.advance(10_000);
      expect(calls.length - before).toBeLessThanOrEqual(6);
      expect(stage.account()).toMatchObject({ breaker: 'open', done: 0 });
      isAway = false;
      await scheduler.advance(2_500);
      expect(stage.account()).toMatchObject({ breaker: 'closed', done: 100 });
      expect([breaker[0], breaker[1], breaker.at(-1)]).toEqual(['stage open', 'stage halfOpen', 'stage closed']);
      expect(settled).toEqual({ confirmed: 100, rejected: 0 });
    },
  );

  it('stays out of it where it is switched off, and for a target that asks for less', async () => {
    const busy = (): never => {
      throw new ConnectorError('http', '429', { retryable: true, backPressure: true });
    };
    write(batches(away, { protection: { hasBreaker: false } }), numbers(100));
    write(batches(busy), numbers(100));
    await scheduler.advance(60_000);
    expect(breaker).toEqual([]);
  });
});
