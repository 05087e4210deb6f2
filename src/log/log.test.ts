import { expect, test } from 'vitest';
import { DIRECTORY, logWorld, payload, payloads, readAll, texts } from '../testing/storage/log-fixtures.ts';

/** Of a record with one digit in a first segment: 64 bytes of header, 24 + 8 bytes each. */
const offsetOf = (sequence: number): number => 64 + 32 * (sequence - 1);

test('records come back in order, with consecutive sequences from 1', async () => {
  const { open, run } = logWorld();
  const log = await open();
  expect(await run(log.append(payloads(1, 3)))).toBe(3);
  expect(await run(log.append(payloads(4, 4)))).toBe(4);
  expect(await run(readAll(log))).toEqual(texts(1, 4));
  expect(log.stats).toMatchObject({ state: 'open', first: 1, last: 4, durable: 4, acknowledged: 0, segments: 1 });
});

test('what was appended is there after close and open, over many segments', async () => {
  const { open, run } = logWorld();
  const log = await open();
  for (let i = 1; i <= 200; i += 10) await run(log.append(payloads(i, i + 9)));
  await run(log.close());
  const again = await open();
  expect(again.stats.segments).toBeGreaterThan(3);
  expect(await run(readAll(again))).toEqual(texts(1, 200));
  expect(await run(again.append([payload('record 201')]))).toBe(201);
  expect(await run(readAll(again, 199))).toEqual(texts(199, 201));
});

test('a power loss takes nothing that was acknowledged', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 50)));
  disk.crash('power');
  const again = await open();
  expect(await run(readAll(again))).toEqual(texts(1, 50));
});

test('acknowledged segments are removed, also after the end of the process', async () => {
  const { open, run, disk, scheduler } = logWorld();
  const log = await open();
  for (let i = 1; i <= 200; i += 10) await run(log.append(payloads(i, i + 9)));
  const segments = (): string[] => disk.paths.filter((path) => path.endsWith('.segment'));
  const before = segments().length;
  log.acknowledge(150);
  await scheduler.advance(2000);
  expect(segments().length).toBeLessThan(before);
  expect(log.stats.first).toBeGreaterThan(100);
  disk.crash('power');
  const again = await open();
  expect(again.stats.acknowledged).toBe(150);
  expect(await run(readAll(again))).toEqual(texts(151, 200));
});

test('a flipped bit is reported with its exact range, and accepted only when asked', async () => {
  const { open, run, disk, events } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 10)));
  await run(log.append(payloads(11, 20)));
  await run(log.close());
  const segment = disk.paths.find((path) => path.endsWith('.segment')) ?? '';
  disk.flipBit(segment, offsetOf(3) + 30);
  const again = await open();
  await expect(run(readAll(again, 1))).rejects.toMatchObject({
    damages: [{ first: 3, last: 3, offset: offsetOf(3) }],
  });
  await run(again.close());
  const third = await open({ acceptLoss: true });
  expect(events.some(({ kind }) => kind === 'loss-accepted')).toBe(true);
  expect(await run(readAll(third))).toEqual([...texts(1, 2), ...texts(4, 20)]);
  expect(disk.paths).toContain(`${DIRECTORY}/accepted-losses.json`);
});

/** Fills more than a block, so that it is written as blocks. */
const large = (sequence: number): Uint8Array => payload(`record ${sequence} ${'x'.repeat(600)}`);

test('large commits and small ones in turn are read as they were appended, before and after a power loss', async () => {
  const { open, run, disk } = logWorld();
  const log = await open({ segmentBytes: 16 * 1024 });
  const expected: string[] = [];
  for (let i = 1; i <= 100; i += 1) {
    const record = i % 3 === 0 ? payload(`record ${i}`) : large(i);
    expected.push(new TextDecoder().decode(record));
    expect(await run(log.append([record]))).toBe(i);
  }
  expect(await run(readAll(log))).toEqual(expected);
  disk.crash('power');
  const again = await open();
  expect(await run(readAll(again))).toEqual(expected);
  expect(await run(readAll(again, 50))).toEqual(expected.slice(49));
});

test('what lies between two large commits is nothing that could be damaged; what lies behind is', async () => {
  const { open, run, disk } = logWorld();
  const log = await open({ segmentBytes: 16 * 1024 });
  for (let i = 1; i <= 5; i += 1) await run(log.append([large(i)]));
  await run(log.close());
  const segment = disk.paths.find((path) => path.endsWith('.segment')) ?? '';
  // The header has a block, and each record, of 24 + 609 bytes, two.
  disk.flipBit(segment, 512 + 1024 - 10);
  disk.flipBit(segment, 512 - 10);
  const again = await open();
  expect(await run(readAll(again, 1))).toHaveLength(5);
  disk.flipBit(segment, 512 + 2 * 1024 + 100);
  await expect(run(readAll(again, 1))).rejects.toMatchObject({ damages: [{ first: 3, last: 3 }] });
  await run(again.close());
  const without = await open({ acceptLoss: true });
  expect((await run(readAll(without))).map((text) => text.split(' ')[1])).toEqual(['1', '2', '4', '5']);
});
