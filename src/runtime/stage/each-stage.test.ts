import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StageSettings } from '../../control/settings.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { Origin } from '../../event/origin.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { EachStage, type EachStageOptions } from './each-stage.ts';

const SETTINGS: StageSettings = {
  batchLimit: 10,
  concurrency: 4,
  burstConcurrency: 4,
  burstAgeMs: 0,
  lingerMs: 0,
  minGapMs: 0,
  edgeEvents: 20,
  edgeBytes: 1e9,
};

let scheduler: VirtualScheduler;
let letters: DeadLetter[];
let fatal: unknown[];
let out: unknown[][];
let settled: { confirmed: number; rejected: number };
let most: number;
let drained: number;

beforeEach(() => {
  scheduler = new VirtualScheduler();
  [letters, fatal, out] = [[], [], []];
  settled = { confirmed: 0, rejected: 0 };
  [most, drained] = [0, 0];
});

/** The event says how long its call takes, ms; a negative one fails. */
function takes(event: unknown): Promise<unknown> {
  const ms = Math.abs(event as number);
  return new Promise((resolve, reject) => {
    scheduler.after(ms, () => {
      if ((event as number) < 0) reject(new Error(`no ${ms}`));
      else resolve(event);
    });
  });
}

function stageOf(options: Partial<EachStageOptions> = {}, settings: StageSettings = SETTINGS): EachStage {
  let running = 0;
  const fn = options.fn ?? takes;
  return new EachStage(
    {
      name: 'call',
      ordered: true,
      whenSlow: 'block',
      whenFailing: 'deadLetter',
      completed: (results, { parts }) => {
        out.push([...results]);
        for (const { origin } of parts) origin.release();
        return undefined;
      },
      drained: () => (drained += 1),
      ...options,
      fn: (event, writeOptions) => {
        running += 1;
        most = Math.max(most, running);
        const result = fn(event, writeOptions);
        if (!(result instanceof Promise)) {
          running -= 1;
          return result;
        }
        return result.finally(() => (running -= 1));
      },
    },
    {
      flow: 'f',
      scheduler,
      random: () => 1,
      signal: new AbortController().signal,
      settings: () => settings,
      deadLetter: (letter) => letters.push(letter),
      notice: () => undefined,
      fatal: (cause) => fatal.push(cause),
    },
    1,
  );
}

function write(stage: EachStage, ...events: number[]): { readonly blocked: undefined | Promise<void> } {
  const origin = new Origin('p', 0, events.length, scheduler.now(), (o) => {
    settled[o.isConfirmed ? 'confirmed' : 'rejected'] += o.events;
  });
  return { blocked: stage.write({ events, start: 0, end: events.length, bytes: events.length, origin }) };
}

describe('EachStage', () => {
  it('keeps the order of the events, and hands on together what ended together', async () => {
    const stage = stageOf();
    write(stage, 30, 10, 10, 40);
    await scheduler.advance(29);
    expect(out).toEqual([]);
    await scheduler.advance(1);
    expect(out).toEqual([[30, 10, 10]]);
    await scheduler.advance(10);
    expect(out.flat()).toEqual([30, 10, 10, 40]);
    expect(settled).toEqual({ confirmed: 4, rejected: 0 });
  });

  it('hands on what is ready where order does not matter', async () => {
    write(stageOf({ ordered: false }), 30, 10, 10);
    await scheduler.advance(10);
    expect(out).toEqual([[10, 10]]);
  });

  it('fills a slot as soon as it is free, also behind a slow call', async () => {
    const stage = stageOf({}, { ...SETTINGS, concurrency: 2, burstConcurrency: 2 });
    write(stage, 100, 10, 10, 10);
    await scheduler.advance(35);
    expect(stage.account()).toMatchObject({ inFlight: 1, backlogEvents: 0 });
    expect(most).toBe(2);
    await scheduler.advance(65);
    expect(out.flat()).toEqual([100, 10, 10, 10]);
  });

  it('bounds what waits behind a slow call', async () => {
    const stage = stageOf({}, { ...SETTINGS, concurrency: 2, burstConcurrency: 2, edgeEvents: 1000 });
    write(stage, 10_000, ...Array.from({ length: 100 }, () => 1));
    await scheduler.advance(500);
    expect(stage.account().backlogEvents).toBe(101 - 1 - 16);
  });

  it('begins the next calls as the last one of a turn ends, once per turn of the event loop', async () => {
    const turns: (() => void)[] = [];
    scheduler.soon = (task) => void turns.push(task);
    let calls = 0;
    const fn = (event: unknown): Promise<unknown> => Promise.resolve(event).finally(() => (calls += 1));
    write(stageOf({ fn, ordered: false }), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    await scheduler.advance(0);
    expect([calls, out]).toEqual([8, [[1, 2, 3, 4]]]);
    turns.shift()?.();
    await scheduler.advance(0);
    expect([calls, out.flat()]).toEqual([12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]);
  });

  it('needs no turn for functions that answer at once', () => {
    write(stageOf({ fn: (event) => (event as number) * 2 }), 1, 2, 3, 4, 5, 6);
    expect(out.flat()).toEqual([2, 4, 6, 8, 10, 12]);
    expect(settled.confirmed).toBe(6);
  });

  it('dead-letters the events that fail, and only them', async () => {
    write(stageOf(), 5, -10, 20);
    await scheduler.advance(20);
    expect(out.flat()).toEqual([5, 20]);
    expect(letters.map(({ event, reason }) => [event, reason])).toEqual([
      [-10, 'OperatorError: operator call of flow f threw: no 10'],
    ]);
    expect(settled).toEqual({ confirmed: 3, rejected: 0 });
  });

  it('stops the run at a failure where the policy says so', async () => {
    write(stageOf({ whenFailing: 'stop' }), 5, -10);
    await scheduler.advance(20);
    expect(fatal).toHaveLength(1);
    expect(settled).toEqual({ confirmed: 0, rejected: 2 });
  });

  it('rejects what is under way when it is stopped, and ignores what ends later', async () => {
    const stage = stageOf();
    write(stage, 10, 20, 30, 40, 50, 60);
    await scheduler.advance(10);
    stage.stop('stopped');
    await scheduler.advance(100);
    expect(out).toEqual([[10]]);
    expect(settled).toEqual({ confirmed: 0, rejected: 6 });
  });

  it('waits while what follows is full', async () => {
    let free!: () => void;
    const stage = stageOf({ completed: () => new Promise<void>((resolve) => (free = resolve)) });
    write(stage, 1, 1, 1, 1, 1);
    await scheduler.advance(10);
    expect(stage.account()).toMatchObject({ inFlight: 0, backlogEvents: 1 });
    free();
    await scheduler.advance(10);
    expect(stage.account().backlogEvents).toBe(0);
  });

  it('ends every event once, within its bounds, whatever the calls do', async () => {
    const calls = fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 9 }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(calls, fc.boolean(), fc.integer({ min: 1, max: 5 }), async (batches, ordered, concurrency) => {
        scheduler = new VirtualScheduler();
        [letters, out] = [[], []];
        settled = { confirmed: 0, rejected: 0 };
        [most, drained] = [0, 0];
        const stage = stageOf({ ordered }, { ...SETTINGS, concurrency, burstConcurrency: concurrency });
        for (const batch of batches) {
          const { blocked } = write(stage, ...batch);
          await scheduler.advance(3);
          if (blocked !== undefined) await scheduler.advance(500);
        }
        stage.close();
        await scheduler.drain();
        const expected = batches.flat().filter((ms) => ms >= 0 && !Object.is(ms, -0));
        const results = out.flat() as number[];
        expect(ordered ? results : results.toSorted((a, b) => a - b)).toEqual(
          ordered ? expected : expected.toSorted((a, b) => a - b),
        );
        expect(letters.length).toBe(batches.flat().length - expected.length);
        expect(settled).toEqual({ confirmed: batches.flat().length, rejected: 0 });
        expect(most).toBeLessThanOrEqual(concurrency);
        expect(drained).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});
