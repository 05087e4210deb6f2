import { beforeEach, expect, it } from 'vitest';
import { ConnectorError } from '../../errors/errors.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { each, numbers, reset, SETTINGS, takes, world, write } from './failure/failure-fixtures.ts';

const refuses = (): never => {
  throw new ConnectorError('api', 'too many', { retryable: true, backPressure: true });
};
const startsOf = (): number[] => world.calls.map(({ at }) => at);
const settings = (concurrency: number): void => {
  world.settings = { ...SETTINGS, concurrency, burstConcurrency: concurrency };
};

beforeEach(() => {
  reset(new VirtualScheduler());
});

it('calls start as far apart as the pace says, new ones and those that are tried again', async () => {
  world.settings = { ...SETTINGS, concurrency: 8, burstConcurrency: 8, minGapMs: 100 };
  let refused = 0;
  const stage = each((event) => (event === 1 && refused++ === 0 ? refuses() : takes(10, event)));
  write(stage, numbers(5));
  await world.scheduler.advance(1000);
  expect(startsOf()).toEqual([0, 100, 200, 300, 400, 500]);
  expect(world.out).toEqual([0, 1, 2, 3, 4]);
});

it('a target that refuses everything is probed by one call at a time, and is back with all of them', async () => {
  settings(8);
  let isAway = true;
  const stage = each((event) => (isAway ? takes(5).then(refuses) : takes(5, event)));
  write(stage, numbers(40));
  await world.scheduler.advance(1000);
  expect(stage.observe()).toMatchObject({ gate: 'closed', done: 0 });
  const before = world.calls.length;
  await world.scheduler.advance(5000);
  expect(world.calls.length - before).toBeLessThan(30);
  isAway = false;
  await world.scheduler.advance(400);
  expect(world.out).toEqual(numbers(40));
  expect(stage.observe().gate).toBe('open');
});

it('a target that refuses now and then is not taken for one that is away', async () => {
  let calls = 0;
  const stage = each((event) => (calls++ % 2 === 0 ? takes(60).then(refuses) : takes(1, event)));
  write(stage, numbers(10));
  const gates = new Set<string>();
  for (let period = 0; period < 50; period += 1) {
    await world.scheduler.advance(50);
    gates.add(stage.observe().gate);
  }
  expect(world.out).toEqual(numbers(10));
  expect([...gates]).toEqual(['open']);
});

it('more calls run once the oldest event has waited for long', async () => {
  world.settings = { ...SETTINGS, concurrency: 1, burstConcurrency: 3, burstAgeMs: 25 };
  const stage = each((event) => takes(20, event));
  write(stage, numbers(8));
  await world.scheduler.advance(200);
  expect(startsOf()).toEqual([0, 20, 25, 25, 40, 45, 45, 60]);
});

it('a concurrency that was lowered holds for what is tried again, and each call that works makes room for the next', async () => {
  settings(8);
  let isFull = true;
  const failsAfter = async (ms: number): Promise<never> => {
    await takes(ms);
    throw Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
  };
  const stage = each((event) => {
    const number = (event as number) - 64; // after those that keep the breaker closed
    return isFull && number >= 0 && number < 5 ? failsAfter(3 * number + 1) : takes(5, event);
  });
  write(stage, numbers(400));
  await world.scheduler.advance(130);
  expect(stage.observe().waitingRetries).toBe(5);
  settings(1);
  isFull = false;
  const before = world.calls.length;
  await world.scheduler.advance(2000);
  const again = startsOf().slice(before, before + 5);
  expect(again.slice(1).map((at, i) => at - (again[i] as number))).toEqual([5, 5, 5, 5]);
});

it('what is refused counts as such, however often it is', async () => {
  let calls = 0;
  const stage = each((event) => (calls++ < 3 ? refuses() : takes(1, event)));
  write(stage, [1]);
  await world.scheduler.advance(2000);
  expect(stage.observe()).toMatchObject({ rejected: 3, failed: 0, done: 1 });
});
