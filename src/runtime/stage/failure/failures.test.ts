import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../../errors/errors.ts';
import { VirtualScheduler } from '../../../testing/virtual-scheduler.ts';
import { away, batches, each, numbers, reset, SETTINGS, takes, world, write } from './failure-fixtures.ts';

beforeEach(() => reset(new VirtualScheduler()));

describe('poison events', () => {
  const poison = (bad: readonly unknown[]) => (events: readonly unknown[]) =>
    events.some((event) => bad.includes(event))
      ? takes(1).then(() => Promise.reject(new Error('poison')))
      : takes(1, events);

  it('are isolated from their batch within ceil(log2 B) + 1 tries, and the rest is confirmed', async () => {
    const stage = batches(poison([37]));
    write(stage, numbers(64));
    await world.scheduler.advance(100);
    expect(world.letters.map(({ event, reason }) => [event, reason])).toEqual([[37, 'Error: poison']]);
    expect(world.calls.filter(({ events }) => events.includes(37))).toHaveLength(7);
    expect(world.settled).toEqual({ confirmed: 64, rejected: 0 });
    expect(stage.account()).toMatchObject({ done: 63, failed: 1 });
  });

  it('leave concurrency, gate and breaker alone', async () => {
    const stage = batches(poison(numbers(64)));
    write(stage, numbers(64));
    await world.scheduler.advance(1000);
    expect(world.letters).toHaveLength(64);
    expect(stage.observe()).toMatchObject({ gate: 'open', waitingRetries: 0, rejected: 0 });
    expect([world.breaker, world.notices, world.fatal]).toEqual([[], [], []]);
  });

  it('do not cost a stage the results of their neighbours, nor their order', async () => {
    const stage = batches(poison([2, 5]), { kind: 'async' });
    write(stage, numbers(8));
    await world.scheduler.advance(100);
    expect(world.out).toEqual([0, 1, 3, 4, 6, 7]);
    expect(world.letters.map(({ event }) => event)).toEqual([2, 5]);
  });

  it('that are alone are tried three times, unless the code itself is wrong', async () => {
    const stage = batches((events) => Promise.reject(events[0] === 1 ? new TypeError('code') : new Error('flaky')));
    write(stage, [0]);
    await world.scheduler.advance(100);
    expect(world.calls.map(({ at }) => at)).toEqual([0, 5, 15]);
    write(stage, [1]);
    await world.scheduler.advance(100);
    expect([world.calls.length, world.letters.length]).toEqual([4, 2]);
  });

  it('of a function per event are tried as often, and may pass', async () => {
    let failures = 2;
    const stage = each((event) => {
      if (event !== 1) return takes(1, event);
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('flaky')) : takes(1, event);
    });
    write(stage, [0, 1, 2]);
    await world.scheduler.advance(100);
    expect([world.out, world.letters]).toEqual([[0, 1, 2], []]);
    expect(stage.account()).toMatchObject({ retried: 2, done: 3, failed: 0 });
  });

  it('are not deep: ten thousand that throw at once are isolated without a deep stack', () => {
    world.settings = { ...SETTINGS, batchLimit: 10_000 };
    const stage = batches(() => {
      throw new Error('all');
    });
    write(stage, numbers(10_000));
    expect([world.letters.length, world.settled.confirmed]).toEqual([10_000, 10_000]);
  });

  it('end the run at once where that is the policy', async () => {
    const stage = batches(poison([3]), { whenFailing: 'stop' });
    write(stage, numbers(8));
    await world.scheduler.advance(100);
    expect([world.calls.length, world.fatal.length, world.settled.rejected]).toEqual([1, 1, 8]);
  });

  it('that a target names by its answer are isolated; a target that never took anything ends the run', async () => {
    const refuses = (bad: number) => (events: readonly unknown[]) =>
      events.includes(bad) ? Promise.reject(new ConnectorError('http', '422', { aboutEvents: true })) : undefined;
    write(batches(refuses(3)), numbers(8));
    await world.scheduler.advance(10);
    expect([world.letters.length, world.settled.confirmed, world.fatal]).toEqual([1, 8, []]);
    write(batches(refuses(3)), [3]);
    await world.scheduler.advance(10);
    expect(world.fatal).toHaveLength(1);
  });
});

describe('the breaker of a stage', () => {
  it.each(['batches', 'each'] as const)(
    'opens, probes with one call at most twice a second, and closes (%s)',
    async (kind) => {
      world.settings = { ...SETTINGS, concurrency: 8, burstConcurrency: 8, batchLimit: 1 };
      let isAway = true;
      const call = (): unknown => (isAway ? away() : takes(1));
      const stage = kind === 'batches' ? batches(call) : each(call);
      write(stage, numbers(100));
      await world.scheduler.advance(10_000);
      const before = world.calls.length;
      await world.scheduler.advance(10_000);
      expect(world.calls.length - before).toBeLessThanOrEqual(6);
      expect(stage.account()).toMatchObject({ breaker: 'open', done: 0 });
      isAway = false;
      await world.scheduler.advance(2_500);
      expect(stage.account()).toMatchObject({ breaker: 'closed', done: 100 });
      expect([world.breaker[0], world.breaker[1], world.breaker.at(-1)]).toEqual([
        'stage open',
        'stage halfOpen',
        'stage closed',
      ]);
      expect(world.settled).toEqual({ confirmed: 100, rejected: 0 });
    },
  );

  it('stays out of it where it is switched off, and for a target that asks for less', async () => {
    const busy = (): never => {
      throw new ConnectorError('http', '429', { retryable: true, backPressure: true });
    };
    write(batches(away, { protection: { hasBreaker: false } }), numbers(100));
    write(batches(busy), numbers(100));
    await world.scheduler.advance(60_000);
    expect(world.breaker).toEqual([]);
  });
});

describe('fewer slots than calls that wait to be tried again', () => {
  it('are never exceeded, and what works makes room for the next, whenever that is due', async () => {
    let inFlight = 0;
    let most = 0;
    let isAway = true;
    const stage = batches(async () => {
      most = Math.max(most, (inFlight += 1));
      await takes(10);
      inFlight -= 1;
      if (isAway) throw new Error('away');
    });
    world.settings = { ...SETTINGS, batchLimit: 1, concurrency: 40, burstConcurrency: 40 };
    write(stage, numbers(100));
    await world.scheduler.advance(12);
    expect([most, stage.observe().waitingRetries]).toEqual([40, 40]);
    [most, isAway] = [0, false];
    world.settings = { ...world.settings, concurrency: 4, burstConcurrency: 4 };
    await world.scheduler.advance(300);
    expect(most).toBe(4);
    expect(world.settled.confirmed).toBe(100);
  });
});
