import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../../errors/errors.ts';
import { VirtualScheduler } from '../../../testing/virtual-scheduler.ts';
import { away, batches, each, never, numbers, reset, SETTINGS, takes, world, write } from './failure-fixtures.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);
const SINGLE = { ...SETTINGS, batchLimit: 1 };

let rows: unknown[];

/** A target that answers after 1 ms, and has the events then. */
function writes(events: readonly unknown[]): Promise<unknown> {
  return takes(1).then(() => void rows.push(...events));
}

/** Each event where it was written first. */
const firsts = (): unknown[] => [...new Set(rows)];

/** How many events are in front of one that came earlier. */
function displaced(events: readonly unknown[]): number {
  let highest = -1;
  return events.filter((event) => {
    const isLate = Number(event) < highest;
    highest = Math.max(highest, Number(event));
    return isLate;
  }).length;
}

beforeEach(() => {
  reset(new VirtualScheduler());
  rows = [];
});

describe('a sink that makes one call at a time', () => {
  it.each([1, 8, 64])('goes on past a call that never ends (batches of %s)', async (batchLimit) => {
    const bad = [5, 141, 142, 299];
    const stage = batches((events) => (bad.some((one) => events.includes(one)) ? never() : writes(events)));
    world.settings = { ...SETTINGS, batchLimit };
    write(stage, numbers(1_000)); // enough that follow, to be asked
    stage.close();
    await world.scheduler.advance(600_000);
    const reason = 'TimeoutError: a call of stage did not end within 1000 ms';
    const letters = [...world.letters].sort((a, b) => Number(a.event) - Number(b.event));
    expect(letters.map((letter) => [letter.event, letter.reason])).toEqual(bad.map((event) => [event, reason]));
    expect([...rows].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(1_000).filter((n) => !bad.includes(n)));
    expect(world.settled.confirmed).toBe(1_000);
  });

  it('leaves few calls behind for it, each with its signal aborted', async () => {
    world.settings = SETTINGS;
    const hung: (readonly unknown[])[] = [];
    const stage = batches((events) => (events.includes(50) ? (hung.push(events), never()) : writes(events)));
    write(stage, numbers(256));
    await world.scheduler.advance(600_000);
    expect(world.letters.map(({ event }) => event)).toEqual([50]);
    expect(hung.length).toBeLessThanOrEqual(20);
    const left = world.calls.filter(({ events }) => events.includes(50));
    expect(left.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it.each(['stop', 'drop'] as const)('does with its events as the policy says (%s)', async (whenFailing) => {
    world.settings = SINGLE;
    const stage = batches(([event]) => (event === 5 ? never() : writes([event])), { whenFailing });
    write(stage, numbers(20));
    await world.scheduler.advance(60_000);
    const isStopped = whenFailing === 'stop';
    expect([world.letters, world.fatal.length]).toEqual([[], isStopped ? 1 : 0]);
    expect(world.settled.confirmed).toBe(isStopped ? 0 : 20);
  });

  it('keeps the order of a call that gets through at its third try, and says when it asks the next', async () => {
    world.settings = SINGLE;
    let tries = 0;
    const stage = batches(([event]) => (event === 5 && (tries += 1) < 3 ? never() : writes([event])));
    write(stage, numbers(20));
    await world.scheduler.advance(60_000);
    expect(rows).toEqual(numbers(20));
    expect(world.notices.filter((notice) => notice.includes('tried meanwhile'))).toEqual([]);
    write(
      batches(() => never()),
      [0, 1],
    );
    await world.scheduler.advance(4_000);
    expect(world.notices.at(-1)).toBe(
      'warn a call of stage did not end within 1000 ms Trying again until it works. ' +
        'The events after these are tried meanwhile, and may be written first: timeout: false keeps the order, and waits.',
    );
  });

  it('keeps it however often a call fails, and where calls have no deadline', async () => {
    world.settings = SINGLE;
    const isAway = (): boolean => world.scheduler.now() < 1e7;
    const refusing = batches(([event]) => (event === 5 && isAway() ? away() : writes([event])));
    write(refusing, numbers(20));
    await world.scheduler.advance(1e7 + 60_000);
    expect([rows, world.letters]).toEqual([numbers(20), []]);
    const hanging = batches(([event]) => (event === 5 ? never() : writes([event])), {
      protection: { timeoutMs: Infinity },
    });
    rows = [];
    write(hanging, numbers(20));
    await world.scheduler.advance(1e7);
    expect([rows, world.letters]).toEqual([numbers(5), []]);
  });

  it(
    'blames nothing for an outage in which its calls hang, and is hardly ever out of order after it',
    async () => {
      const seen = { runs: 0, disordered: 0 };
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 120_000 }), fc.constantFrom(1, 8), async (ms, batchLimit) => {
          reset(new VirtualScheduler());
          rows = [];
          world.settings = { ...SETTINGS, batchLimit };
          const isAway = (): boolean => world.scheduler.now() >= 20 && world.scheduler.now() < 20 + ms;
          const stage = batches((events) => (isAway() ? never() : writes(events)));
          for (let from = 0; from < 200; from += 20) {
            write(stage, numbers(20, from));
            await world.scheduler.advance(10);
          }
          await world.scheduler.advance(ms + 120_000);
          expect([world.letters, world.settled.confirmed]).toEqual([[], 200]);
          expect([...firsts()].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(200));
          expect(displaced(firsts())).toBeLessThanOrEqual(4 * batchLimit);
          seen.runs += 1;
          seen.disordered += displaced(firsts()) > 0 ? 1 : 0;
        }),
        { numRuns: 40, endOnFailure: true },
      );
      if (seen.runs >= 40) expect(seen.disordered / seen.runs).toBeLessThan(0.5);
    },
    60_000 * FACTOR,
  );

  it('takes no late answer for that of a later try, nor a late refusal', async () => {
    world.settings = SINGLE;
    const lasting = new ConnectorError('db', 'no such table', { retryable: false });
    const answers = [
      () => takes(1_400, 'first'), // during the second try
      () => takes(2_000).then(() => Promise.reject(lasting)), // during the third
      () => takes(900, 'third'),
      () => takes(1, 'fourth'),
    ];
    const stage = batches(() => answers[world.calls.length - 1]?.());
    write(stage, [1]);
    await world.scheduler.advance(2_000);
    expect([world.calls.length, world.settled.confirmed]).toEqual([2, 0]);
    await world.scheduler.advance(20_000);
    expect([world.calls.length, world.settled, world.fatal]).toEqual([3, { confirmed: 1, rejected: 0 }, []]);
    expect(stage.account()).toMatchObject({ done: 1, calls: 3, inFlight: 0, timedOut: 2 });
  });

  it(
    'gives each event one end, whenever calls end that were given up',
    async () => {
      const reply = fc.record({ ms: fc.integer({ min: 1, max: 6_000 }), how: fc.constantFrom('ok', 'busy', 'never') });
      await fc.assert(
        fc.asyncProperty(
          fc.array(reply, { maxLength: 60 }),
          fc.constantFrom('sink', 'async'),
          fc.integer({ min: 1, max: 3 }),
          async (replies, kind, concurrency) => {
            reset(new VirtualScheduler());
            world.settings = { ...SETTINGS, concurrency, burstConcurrency: concurrency, batchLimit: 4 };
            const call = (events: readonly unknown[]): Promise<unknown> => {
              const { ms, how } = replies[world.calls.length - 1] ?? { ms: 1, how: 'ok' };
              if (how === 'never') return never();
              const busy = new ConnectorError('db', 'busy', { retryable: true });
              return takes(ms, events).then((done) => (how === 'busy' ? Promise.reject(busy) : done));
            };
            const stage = batches(call, { kind });
            for (let from = 0; from < 40; from += 1) write(stage, [from]);
            stage.close();
            await world.scheduler.advance(1_200_000);
            const ends = kind === 'sink' ? world.letters.map(({ event }) => event) : [...world.out, ...endedBadly()];
            expect(ends).toHaveLength(new Set(ends).size);
            if (kind === 'async') expect(ends).toHaveLength(40);
            expect(world.settled).toEqual({ confirmed: 40, rejected: 0 });
            expect(stage.account()).toMatchObject({ inFlight: 0, backlogEvents: 0 });
          },
        ),
        { numRuns: 60, endOnFailure: true },
      );
    },
    60_000 * FACTOR,
  );
});

const endedBadly = (): unknown[] => world.letters.map(({ event }) => event);

describe('calls that were given up and do not end', () => {
  it.each(['sink', 'mapAsync'])('are so many at most, then none is made until one has ended (%s)', async (kind) => {
    const concurrency = kind === 'sink' ? 1 : 4;
    world.settings = { ...SINGLE, concurrency, burstConcurrency: concurrency };
    const ends: (() => void)[] = [];
    const hang = (): Promise<void> => new Promise((resolve) => void ends.push(resolve));
    const stage = kind === 'sink' ? batches(hang) : each(hang);
    write(stage, numbers(1_000));
    await world.scheduler.advance(10_000_000);
    const most = 256 + 4 * concurrency;
    expect(ends.length).toBeGreaterThanOrEqual(most);
    expect(ends.length).toBeLessThan(most + concurrency); // those that were in flight beside the last
    const standsStill = `${most} calls were given up and have not ended: no more are made until one has`;
    expect(world.notices.filter((notice) => notice.includes(standsStill))).toHaveLength(1);
    const before = ends.length;
    for (const end of ends.slice(0, 8)) end();
    await world.scheduler.advance(60_000);
    expect(ends.length).toBeGreaterThan(before);
  });
});
