/** Any sequence of what may happen to a log, shrunk to the shortest that breaks a promise. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Log } from '../../src/log/log.ts';
import { logWorld } from '../../src/testing/storage/log-fixtures.ts';
import { LogModel } from './log-model.ts';

const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append'), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read'), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('acknowledge'), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close', 'kill', 'power'), count: fc.nat(30) }) },
);

test('no sequence of appends, reads, acknowledgements and crashes breaks a promise', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), fc.nat(), async (commands, seed) => {
      const world = logWorld({ seed });
      const model = new LogModel();
      let written = 0;
      let log = await world.open();
      for (const { kind, count } of commands) {
        if (kind === 'append') {
          const batch = Array.from({ length: count }, () => `${(written += 1)} ${'x'.repeat(written % 90)}`);
          const answer = model.ask(batch);
          answer(await world.run(log.append(batch.map((text) => new TextEncoder().encode(text)))));
        } else if (kind === 'read') {
          await world.run(readSome(log, count, model));
        } else if (kind === 'acknowledge') {
          const sequence = Math.min(log.stats.last, log.stats.acknowledged + count);
          model.consume(sequence);
          log.acknowledge(sequence);
        } else {
          log = await reopened(kind, count);
        }
      }
      log = await reopened('power', 0);
      expect(log.stats.last).toBe(written);

      async function reopened(how: string, calls: number): Promise<Log> {
        if (how === 'close') await world.run(log.close());
        else await world.scheduler.advance(calls);
        world.disk.crash(how === 'power' ? 'power' : 'kill');
        const opened = await world.open();
        const { acknowledged, last } = opened.stats;
        const found = new Map<number, string>();
        const first = acknowledged + 1;
        await world.run(collect(opened, found));
        model.reopen({ found, first, last, durable: Infinity, damages: [], unproven: 'none' });
        return opened;
      }
    }),
    { numRuns: 100 },
  );
});

async function readSome(log: Log, count: number, model: LogModel): Promise<void> {
  let left = count;
  for await (const batch of log.read({ follow: false })) {
    for (let i = 0; i < batch.length; i += 1) model.read(batch.first + i, new TextDecoder().decode(batch.payload(i)));
    left -= batch.length;
    if (left <= 0) return;
  }
}

async function collect(log: Log, found: Map<number, string>): Promise<void> {
  for await (const batch of log.read({ follow: false })) {
    for (let i = 0; i < batch.length; i += 1) found.set(batch.first + i, new TextDecoder().decode(batch.payload(i)));
  }
}
