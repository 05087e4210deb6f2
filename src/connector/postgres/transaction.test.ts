import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { FencedError, RefusedEventsError } from '../../errors/errors.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { pause } from '../waiting.ts';
import { isAboutData } from './failure.ts';
import { FakeDatabase, REFUSED } from './transaction-fakes.ts';
import { Transaction } from './transaction.ts';

const BATCH = 3;
/** Writes at a time, and then a commit. */
const AT_ONCE = 4;

let scheduler: VirtualScheduler;
let database: FakeDatabase;
let notices: string[];
let asked: number;

beforeEach(() => {
  scheduler = new VirtualScheduler();
  database = new FakeDatabase(scheduler);
  [notices, asked] = [[], 0];
});

function begin(owner: string, hard = new AbortController()): Promise<Transaction> {
  return Transaction.begin({
    flow: 'f',
    name: 'postgres',
    address: 'there',
    owner,
    connect: () => database.connect(),
    scheduler,
    signal: hard.signal,
    notice: (_level, message) => notices.push(message),
    commitSoon: () => (asked += 1),
  });
}

/** Runs virtual time until it has settled. @returns what it gave, or threw */
async function settled<T>(work: Promise<T>): Promise<T> {
  const outcome = Promise.allSettled([work]);
  await scheduler.advance(120_000);
  const [result] = await outcome;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

async function inserted(
  transaction: Transaction,
  values: readonly string[],
  signal = new AbortController().signal,
): Promise<void> {
  await transaction.write(async (to) => {
    await to.query('insert', values, true);
  }, signal);
}

const committed = (transaction: Transaction, place: number): Promise<void> =>
  transaction.commit(Buffer.from(String(place)));
const placeOf = ({ last }: Transaction): number => (last === undefined ? 0 : Number(Buffer.from(last).toString()));
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

/** As the sink does it: what is refused as a whole is written in parts. */
async function partly(transaction: Transaction, values: readonly string[], signal: AbortSignal): Promise<void> {
  await transaction.write(async (to) => {
    await to.query('insert', [...values, REFUSED], true).catch((cause: unknown) => {
      if (!isAboutData(cause)) throw cause;
    });
    for (const value of values) await to.query('insert', [value], true);
  }, signal);
}

/** What the engine does: goes on at the checkpoint, writes, repeats what may be repeated, commits now and then. */
class Owner {
  readonly hard = new AbortController();
  call = new AbortController();
  end: unknown;

  constructor(name: string, total: number) {
    void this.#live(name, total).then(
      () => (this.end = 'done'),
      (cause: unknown) => (this.end = cause),
    );
  }

  async #live(name: string, total: number): Promise<void> {
    const transaction = await begin(name, this.hard);
    let place = placeOf(transaction);
    while (place < total) {
      const starts = Array.from({ length: AT_ONCE }, (_, i) => place + i * BATCH).filter((start) => start < total);
      await Promise.all(
        starts.map((start) => this.#write(transaction, numbers(start, Math.min(total, start + BATCH)))),
      );
      place = Math.min(total, place + AT_ONCE * BATCH);
      await committed(transaction, place);
    }
    await committed(transaction, place);
    await transaction.close();
  }

  async #write(transaction: Transaction, values: readonly string[]): Promise<void> {
    for (;;) {
      this.call = new AbortController();
      const signal = AbortSignal.any([this.call.signal, this.hard.signal]);
      try {
        await (Number(values[0]) % 2 === 0 ? inserted : partly)(transaction, values, signal);
        return;
      } catch (cause) {
        if (this.hard.signal.aborted || !(cause as { retryable: boolean }).retryable) throw cause;
        await pause(scheduler, 5);
      }
    }
  }
}

describe('a transaction from checkpoint to checkpoint', () => {
  it('shows nothing before its commit, and all of it with the checkpoint after', async () => {
    const transaction = await settled(begin('a'));
    await settled(inserted(transaction, ['1', '2']));
    expect([database.rows, database.flow?.state]).toEqual([[], null]);
    await settled(committed(transaction, 2));
    expect(database.rows).toEqual(['1', '2']);
    expect(placeOf(await settled(begin('b')))).toBe(2);
  });

  it('holds each output once, whatever is lost, killed, given up or taken over, at any statement', async () => {
    const total = 60;
    const act = fc.record({
      atMs: fc.integer({ min: 1, max: 60 }),
      act: fc.constantFrom('kill', 'takeOver', 'giveUp'),
    });
    const loss = fc.tuple(fc.integer({ min: 1, max: 150 }), fc.constantFrom('before' as const, 'after' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 8 }), fc.array(loss, { maxLength: 8 }), async (acts, losses) => {
        scheduler = new VirtualScheduler();
        database = new FakeDatabase(scheduler);
        for (const [statement, when] of losses) database.losses.set(statement, when);
        const owners = [new Owner('owner 0', total)];
        for (const { atMs, act } of acts) {
          await scheduler.advance(atMs);
          const newest = owners.at(-1);
          if (act === 'giveUp') newest?.call.abort();
          if (act === 'kill') newest?.hard.abort();
          if (act !== 'giveUp') owners.push(new Owner(`owner ${owners.length}`, total));
        }
        await scheduler.advance(120_000);
        // One that lost its connection while it began ends with an error: a person, or a supervisor, starts it again.
        for (let i = 0; owners.at(-1)?.end !== 'done' && i < 10; i += 1) {
          owners.push(new Owner('again', total));
          await scheduler.advance(120_000);
        }
        expect(
          database.rows
            .map(Number)
            .sort((a, b) => a - b)
            .map(String),
        ).toEqual(numbers(0, total));
        expect(owners.filter(({ end }) => end === undefined)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('deposes the owner before, who is told by whom and leaves nothing behind', async () => {
    const old = await settled(begin('process 1'));
    await settled(inserted(old, ['1']));
    const young = await settled(begin('process 2'));
    await settled(inserted(young, ['2']));
    await settled(committed(young, 2));
    const failure = await settled(committed(old, 1).catch((cause: unknown) => cause));
    expect(failure).toBeInstanceOf(FencedError);
    expect(failure).toMatchObject({ retryable: false, takeover: { owner: 'process 2', epoch: 2, deposedEpoch: 1 } });
    expect(String(failure)).toContain('newer owner: process 2, epoch 2');
    await expect(settled(inserted(old, ['3']))).rejects.toBeInstanceOf(FencedError);
    expect(database.rows).toEqual(['2']);
  });

  it('deposes an owner whose connection it may not end', async () => {
    database.mayEnd = false;
    const old = await settled(begin('process 1'));
    await settled(inserted(old, ['1']));
    const young = await settled(begin('process 2'));
    await expect(settled(committed(old, 1))).rejects.toBeInstanceOf(FencedError);
    await settled(inserted(young, ['2']));
    await settled(committed(young, 2));
    expect(database.rows).toEqual(['2']);
  });

  it.each(['before', 'after'] as const)('commits once when its connection is lost %s any statement', async (when) => {
    for (let n = 1; n <= 8; n += 1) {
      database = new FakeDatabase(scheduler);
      const transaction = await settled(begin('a'));
      await settled(inserted(transaction, ['1']));
      database.losses.set(database.statements + n, when);
      await settled(committed(transaction, 1));
      await settled(inserted(transaction, ['2']).catch(() => inserted(transaction, ['2'])));
      await settled(committed(transaction, 2));
      expect(database.rows).toEqual(['1', '2']);
    }
  });

  it('does not take what is written during a commit into it', async () => {
    const transaction = await settled(begin('a'));
    await settled(inserted(transaction, ['1']));
    await settled(Promise.all([committed(transaction, 1), inserted(transaction, ['2'])]));
    expect(database.rows).toEqual(['1']);
    await settled(committed(transaction, 2));
    expect(database.rows).toEqual(['1', '2']);
  });

  it('waits for the commit of an owner that is under way, and goes on after it', async () => {
    const old = await settled(begin('a'));
    await settled(inserted(old, ['1']));
    const commit = committed(old, 1).catch((cause: unknown) => cause);
    await scheduler.advance(1); // the row is changed, the commit not yet there
    const young = begin('b');
    await scheduler.advance(100);
    expect(placeOf(await young)).toBe(database.rows.length);
    await commit;
  });

  it('keeps what it refused apart: the others of the batch are written', async () => {
    const transaction = await settled(begin('a'));
    await settled(inserted(transaction, ['1']));
    const refusal = new RefusedEventsError('postgres', new Map([[1, new Error('no')]]));
    const write = transaction.write(async (to) => {
      await to.query('insert', [REFUSED, '2'], true).catch(() => to.query('insert', ['2'], true));
      throw refusal;
    }, new AbortController().signal);
    await expect(settled(write)).rejects.toBe(refusal);
    database.losses.set(database.statements + 1, 'before');
    await settled(committed(transaction, 2));
    expect(database.rows).toEqual(['1', '2']);
    expect(notices.join()).toMatch(/Trying again until it works.*committed, at attempt 2/);
  });

  it('does not say that it committed when it was stopped meanwhile', async () => {
    const hard = new AbortController();
    const transaction = await settled(begin('a', hard));
    await settled(inserted(transaction, ['1']));
    for (let n = 1; n < 1000; n += 1) database.losses.set(database.statements + n, 'before');
    const commit = committed(transaction, 1).catch((cause: unknown) => cause);
    await scheduler.advance(5_000);
    hard.abort();
    await scheduler.advance(1);
    expect(await commit).toMatchObject({ retryable: true });
    expect(database.rows).toEqual([]);
  });

  it('confirms no write whose connection was replaced before it ended', async () => {
    const transaction = await settled(begin('a'));
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const write = transaction.write(async (to) => {
      await to.query('insert', ['1'], true);
      await gate;
    }, new AbortController().signal);
    const failure = write.catch((cause: unknown) => cause);
    await scheduler.advance(20);
    void database.connections.at(-1)?.close();
    await settled(inserted(transaction, ['2']));
    goOn();
    expect(await settled(failure)).toMatchObject({ retryable: true });
    await settled(inserted(transaction, ['1']).catch(() => inserted(transaction, ['1'])));
    await settled(committed(transaction, 2));
    expect([...database.rows].sort()).toEqual(['1', '2']);
  });

  it('leaves nothing of a write that was given up while its connection was made', async () => {
    const transaction = await settled(begin('a'));
    void database.connections.at(-1)?.close();
    const call = new AbortController();
    const write = inserted(transaction, ['1'], call.signal).catch((cause: unknown) => cause);
    await scheduler.advance(0.1);
    call.abort();
    expect(await settled(write)).toMatchObject({ retryable: true });
    await settled(committed(transaction, 1));
    expect(database.rows).toEqual([]);
  });

  it('leaves nothing of a write that was given up and does not end', async () => {
    const transaction = await settled(begin('a'));
    const call = new AbortController();
    const never = new Promise<void>(() => undefined);
    void transaction.write(async (to) => {
      await to.query('insert', ['1'], true);
      await never;
    }, call.signal);
    await scheduler.advance(20);
    call.abort();
    await settled(inserted(transaction, ['2']));
    await settled(committed(transaction, 2));
    expect(database.rows).toEqual(['2']);
  });

  it('asks for a checkpoint when much is waiting for one, each time', async () => {
    const transaction = await settled(begin('a'));
    const megabytes = Array.from({ length: 10 }, () => 'x'.repeat(2 ** 20));
    for (const times of [1, 2]) {
      for (let i = 0; i < 7; i += 1) await settled(inserted(transaction, megabytes));
      expect(asked).toBe(times);
      await settled(committed(transaction, times));
    }
  });
});
