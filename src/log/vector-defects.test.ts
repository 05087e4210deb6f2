/**
 * Seven defects of another engine's disk buffer (vectordotdev/vector, pull requests 25525, 25570 and 25768), as tests that
 * this log must pass.
 */

import { expect, test } from 'vitest';
import { DIRECTORY, logWorld, payload, payloads, readAll, texts } from '../testing/storage/log-fixtures.ts';
import type { Crash } from '../testing/storage/simulated-disk.ts';
import { Ledger, EMPTY_LEDGER } from './ledger.ts';
import { mountDisk } from '../testing/storage/simulated-file-system.ts';

test('1: a delivery that was rejected does not advance the acknowledgement', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 10)));
  expect(await run(readAll(log))).toHaveLength(10);
  log.acknowledge(4); // the sink took four and rejected the rest
  await run(log.close());
  disk.crash('power');
  expect(await run(readAll(await open()))).toEqual(texts(5, 10));
});

test('2: what was appended and not waited for is written by close', async () => {
  const { open, run, disk } = logWorld();
  const log = await open({ durability: { intervalMs: 60_000 } });
  const appended = Array.from({ length: 30 }, (_, i) => log.append([payload(`record ${i + 1}`)]));
  await run(log.close());
  expect(await Promise.all(appended)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  disk.crash('power');
  expect(await run(readAll(await open()))).toEqual(texts(1, 30));
});

test('3: a log that is full of acknowledged records does not block its writer', async () => {
  const { open, run } = logWorld();
  const log = await open({ maxBytes: 4096 });
  for (let i = 1; i <= 400; i += 20) {
    const last = await run(log.append(payloads(i, i + 19)));
    log.acknowledge(last);
    log.acknowledge(1); // late, and lower: no count goes below anything
  }
  expect(log.stats).toMatchObject({ last: 400, acknowledged: 400 });
  expect(log.stats.bytes).toBeLessThan(4096 + 2048);
});

test('4: what retention removes unread is counted exactly', async () => {
  const { open, run, events } = logWorld();
  const log = await open({ maxBytes: 4096, whenFull: 'expire' });
  for (let i = 1; i <= 400; i += 20) await run(log.append(payloads(i, i + 19)));
  const { first, expiredUnacknowledged } = log.stats;
  expect(first).toBeGreaterThan(1);
  expect(expiredUnacknowledged).toBe(first - 1);
  const told = events.reduce((sum, event) => sum + (event.kind === 'expired' ? event.unacknowledged : 0), 0);
  expect(told).toBe(first - 1);
  expect(await run(readAll(log, first))).toEqual(texts(first, 400));
});

test('5: sequences and epochs do not wrap around at 16 or 32 bits', async () => {
  const { open, run, disk } = logWorld();
  const far = 2 ** 32 + 2 ** 16 - 5;
  const { ledger } = await run(Ledger.open(mountDisk(disk), DIRECTORY));
  await run(ledger.save({ ...EMPTY_LEDGER, epoch: 2 ** 16 - 3, acknowledged: far, trimmed: far, durable: far }));
  const log = await open();
  expect(await run(log.append(payloads(1, 10)))).toBe(far + 10);
  for (let i = 11; i <= 200; i += 10) await run(log.append(payloads(i, i + 9)));
  await run(log.close());
  const again = await open();
  expect(again.stats).toMatchObject({ first: far + 1, last: far + 200 });
  expect(await run(readAll(again))).toEqual(texts(1, 200));
});

/** Crashes at each call of what happens after the preparation, in both ways. */
async function crashEverywhere(calls: number, prepare: number, act: 'acknowledge' | 'append'): Promise<void> {
  for (const how of ['kill', 'power'] as const satisfies readonly Crash[]) {
    for (let at = 1; at <= calls; at += 1) {
      const { open, run, disk, scheduler } = logWorld({ seed: at });
      const log = await open();
      for (let i = 1; i <= prepare; i += 10) await run(log.append(payloads(i, i + 9)));
      disk.crashAfter(at, how);
      if (act === 'acknowledge') log.acknowledge(prepare - 5);
      else log.append(payloads(prepare + 1, prepare + 10)).catch(() => undefined);
      await scheduler.advance(3000);
      if (disk.crashes === 0) disk.crash(how);
      const again = await open();
      const found = await run(readAll(again, again.stats.first));
      expect(found, `${how} at call ${at}`).toEqual(texts(again.stats.first, again.stats.last));
      expect(again.stats.last).toBeGreaterThanOrEqual(prepare);
      expect(again.stats.first).toBeLessThanOrEqual(prepare - 4);
      expect(await run(again.append([payload(`record ${again.stats.last + 1}`)]))).toBe(again.stats.last);
    }
  }
}

test('6: a crash at any step of removing segments leaves a log that opens', () =>
  crashEverywhere(20, 200, 'acknowledge'));

test('7: a crash at any step of going on to the next segment leaves a log that opens and takes more', () =>
  crashEverywhere(12, 50, 'append'));
