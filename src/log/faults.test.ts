import { expect, test } from 'vitest';
import { DIRECTORY, logWorld, payload, payloads, readAll, texts } from '../testing/storage/log-fixtures.ts';
import { mountDisk } from '../testing/storage/simulated-file-system.ts';
import { Group } from './group.ts';
import { writeLosses } from './losses.ts';
import type { LogOptions } from './options.ts';
import { byteBuffer, writeRecord } from './record.ts';
import { createSegment } from './segment-file.ts';
import { ThroughWriter } from './through-writer.ts';
import type { LogWorld } from '../testing/storage/log-fixtures.ts';

test.each<LogOptions>([{}, { durability: { intervalMs: 5 } }])(
  'a failed sync costs nothing that was acknowledged: all of it goes into another file (%j)',
  async (options) => {
    const { open, run, disk, events, scheduler } = logWorld();
    const log = await open(options);
    await run(log.append(payloads(1, 10)));
    await scheduler.advance(100);
    disk.faults = { ...disk.faults, failedSync: 1 };
    const appended = log.append(payloads(11, 20));
    const isFailed = (): boolean => events.some(({ kind }) => kind === 'segment-abandoned');
    for (let i = 0; i < 1000 && !isFailed(); i += 1) await scheduler.advance(0.1);
    disk.faults = { ...disk.faults, failedSync: 0 };
    expect(await run(appended)).toBe(20);
    await scheduler.advance(100);
    expect(log.stats).toMatchObject({ state: 'open', durable: 20 });
    disk.crash('power');
    expect(await run(readAll(await open()))).toEqual(texts(1, 20));
  },
);

test('what a log that opens on a full disk has shown is there after a power loss, whenever the writer before was killed', async () => {
  let shown = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    for (let calls = 1; calls <= 12; calls += 1) {
      const { open, run, disk, scheduler } = logWorld({ seed });
      const log = await open();
      disk.crashAfter(calls, 'kill'); // at each call of the first segment's creation
      void log.append(payloads(1, 3));
      await scheduler.advance(100);
      if (disk.crashes === 0) disk.crash('kill');
      disk.capacityBytes = disk.usedBytes;
      const seen = await run(readAll(await open()));
      disk.crash('power');
      disk.capacityBytes = Infinity;
      expect(await run(readAll(await open())), `seed ${seed}, ${calls} calls`).toEqual(seen);
      shown += seen.length;
    }
  }
  expect(shown).toBeGreaterThan(100);
});

test('a disk on which no file can be written ends the log with an error, and nothing is claimed', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 5)));
  disk.faults = { ...disk.faults, failedSync: 1 };
  await expect(run(log.append(payloads(6, 9)))).rejects.toMatchObject({ code: 'DAO_LOG' });
  expect(log.stats).toMatchObject({ state: 'failed', last: 5 });
  await expect(run(log.append(payloads(6, 9)))).rejects.toMatchObject({ code: 'DAO_LOG' });
  disk.faults = { ...disk.faults, failedSync: 0 };
  const again = await open();
  expect((await run(readAll(again))).slice(0, 5)).toEqual(texts(1, 5));
});

test('a full disk pauses appends, and they go on when there is room; what was on its way finishes on the reserve', async () => {
  const { open, run, disk, events, scheduler } = logWorld();
  const log = await open({ reserveBytes: 4096 });
  await run(log.append(payloads(1, 10)));
  disk.capacityBytes = disk.usedBytes;
  const small = log.append([payload('x'.repeat(2000))]);
  expect(await run(small)).toBe(11); // from the reserve
  const waiting = log.append(payloads(12, 20));
  await scheduler.advance(10_000);
  expect(log.stats).toMatchObject({ state: 'paused', last: 11 });
  expect(events.filter(({ kind }) => kind === 'paused')).toHaveLength(1);
  disk.capacityBytes = Infinity;
  expect(await run(waiting)).toBe(20);
  expect(log.stats.state).toBe('open');
  expect(events.some(({ kind }) => kind === 'resumed')).toBe(true);
});

test('a disk that is full in the middle of a segment pauses appends too', async () => {
  const { open, run, disk, scheduler } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 10)));
  disk.capacityBytes = disk.usedBytes;
  const waiting = log.append(payloads(11, 12));
  await scheduler.advance(3000);
  expect(log.stats).toMatchObject({ state: 'paused', last: 10, segments: 1 });
  disk.capacityBytes = Infinity;
  expect(await run(waiting)).toBe(12);
  expect(log.stats).toMatchObject({ state: 'open', segments: 1 });
});

test('a commit that waits for room keeps its segment, though that has become too old', async () => {
  const { open, run, disk, events, scheduler } = logWorld();
  const options = { maxAgeMs: 10_000 };
  const log = await open(options);
  for (let i = 1; i <= 70; i += 10) await run(log.append(payloads(i, i + 9)));
  expect(log.stats.segments).toBe(2);
  disk.capacityBytes = disk.usedBytes;
  const waiting = log.append(payloads(71, 72));
  await scheduler.advance(15_000);
  expect(log.stats).toMatchObject({ state: 'paused', last: 70, durable: 70, segments: 2 });
  log.acknowledge(60); // a segment can go, and then there is room
  expect(await run(waiting)).toBe(72);
  expect(events.some(({ kind }) => kind === 'segment-abandoned')).toBe(false);
  disk.crash('power');
  expect(await run(readAll(await open(options), 71))).toEqual(texts(71, 72));
});

test('without a descriptor for the next segment appends wait until there is one, and nothing is lost', async () => {
  const { open, run, disk, events, scheduler } = logWorld();
  const log = await open({ segmentBytes: 4096 });
  await run(log.append(payloads(1, 10)));
  disk.faults = { ...disk.faults, noDescriptor: 1 };
  const waiting = log.append([payload('x'.repeat(4000))]);
  await scheduler.advance(60_000);
  expect(log.stats).toMatchObject({ state: 'paused', last: 10 });
  expect(events.filter(({ kind }) => kind === 'paused')).toEqual([{ kind: 'paused', reason: 'too-many-files' }]);
  disk.faults = { ...disk.faults, noDescriptor: 0 };
  expect(await run(waiting)).toBe(11);
  expect(log.stats.state).toBe('open');
  await run(log.append(payloads(12, 12)));
  disk.crash('power');
  expect((await run(readAll(await open()))).length).toBe(12);
});

test('a reader that gets no descriptor goes on once there is one', async () => {
  const { open, run, disk } = logWorld();
  const log = await open({ segmentBytes: 4096 });
  await run(log.append(payloads(1, 10)));
  disk.faults = { ...disk.faults, noDescriptor: 0.9 };
  const reading = readAll(log);
  expect(await run(reading)).toEqual(texts(1, 10));
});

test('what was read after a kill survives a power loss, also when the disk was full meanwhile', async () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const { open, run, disk, scheduler } = logWorld({ seed });
    const log = await open();
    await run(log.append(payloads(1, 10)));
    disk.crashAfter(1 + (seed % 10), 'kill');
    log.append([payload('x'.repeat(2000))]).catch(() => undefined); // begins a segment
    await scheduler.advance(1000);
    if (disk.crashes === 0) continue;
    if (disk.paths.filter((path) => path.endsWith('.segment')).length < 2) continue;
    disk.capacityBytes = disk.usedBytes;
    const seen = await run(readAll(await open()));
    disk.crash('power');
    disk.capacityBytes = Infinity;
    expect(seen).toHaveLength(11);
    expect(await run(readAll(await open()))).toEqual(seen);
  }
});

test('a broken record that later ones prove durable is damage, not a torn tail, also without a ledger', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  for (let i = 1; i <= 9; i += 3) await run(log.append(payloads(i, i + 2)));
  disk.crash('kill');
  const [segment = ''] = disk.paths.filter((path) => path.endsWith('.segment'));
  disk.flipBit(segment, 64 + 32 * 4 + 30); // record 5, of the second of three commits
  await expect(open()).rejects.toMatchObject({ damages: [{ first: 5, last: 5 }] });
  expect(await run(readAll(await open({ acceptLoss: true })))).toEqual([...texts(1, 4), ...texts(6, 9)]);
});

test('a log that is closed while the disk is full says that what waited was not written', async () => {
  const { open, run, disk, scheduler } = logWorld();
  const log = await open();
  disk.capacityBytes = disk.usedBytes;
  const waiting = log.append(payloads(1, 10));
  waiting.catch(() => undefined);
  await scheduler.advance(100);
  await run(log.close());
  await expect(waiting).rejects.toThrow(/closed while appends waited for room \(disk-full\)/);
});

test('in interval mode a kill takes nothing, and a power loss at most the last interval', async () => {
  const { open, run, disk, scheduler } = logWorld();
  const options = { durability: { intervalMs: 100 } };
  const log = await open(options);
  await run(log.append(payloads(1, 10)));
  await scheduler.advance(200);
  expect(log.stats.durable).toBe(10);
  await run(log.append(payloads(11, 20)));
  expect(log.stats).toMatchObject({ last: 20, durable: 10 });
  disk.crash('kill');
  const second = await open(options);
  expect(await run(readAll(second))).toEqual(texts(1, 20));
  await run(second.append(payloads(21, 30)));
  await scheduler.advance(200);
  await run(second.append(payloads(31, 40)));
  disk.crash('power');
  const found = await run(readAll(await open(options)));
  expect(found.slice(0, 30)).toEqual(texts(1, 30));
  expect(found).toEqual(texts(1, found.length));
});

test('records that take the place of acknowledged ones which a power loss took are read', async () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const { open, run, disk, scheduler } = logWorld({ seed });
    const options = { durability: { intervalMs: 60_000 } };
    const log = await open(options);
    await run(log.append(payloads(1, 10)));
    await run(log.append(payloads(11, 20)));
    log.acknowledge(20);
    await scheduler.advance(2000); // the ledger is written, the records are not synced
    disk.crash('power');
    const again = await open(options);
    await run(again.append([payload('new')]));
    expect((await run(readAll(again))).at(-1)).toBe('new');
  }
});

test('whoever has lost the lock writes no further segment', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 10)));
  disk.locks.clear();
  const big = payload('x'.repeat(3000));
  await expect(run(log.append([big]))).rejects.toThrow(/another process has taken the lock/);
});

test('a segment of a writer that had lost its lock is not read, and kept aside', async () => {
  const world = logWorld();
  const { open, run, disk, events } = world;
  const log = await open();
  for (let i = 1; i <= 60; i += 10) await run(log.append(payloads(i, i + 9)));
  await run(log.close());
  await segmentWith(world, { epoch: 1, first: 55, recordEpoch: 1, text: 'of a zombie' });
  const again = await open();
  expect(events).toContainEqual({ kind: 'stale-segment', segment: '0000000000000055-0000000001.segment' });
  expect(await run(readAll(again))).toEqual(texts(1, 60));
  expect(disk.paths).toContain(`${DIRECTORY}/quarantine/0000000000000055-0000000001.segment`);
});

test('a record of another epoch is not served, however sound it is', async () => {
  const world = logWorld();
  const { open } = world;
  await segmentWith(world, { epoch: 5, first: 1, recordEpoch: 4, text: 'left over' });
  await expect(open()).rejects.toMatchObject({
    damages: [{ first: 1, last: 1, reason: 'its records end before this one' }],
  });
});

test.each([
  ['the first', 0],
  ['one in the middle', 1],
  ['the newest', -1],
])('a segment that is missing is told: %s', async (_, index) => {
  const { open, run, disk } = logWorld();
  const log = await open();
  for (let i = 1; i <= 150; i += 10) await run(log.append(payloads(i, i + 9)));
  await run(log.close());
  const segments = disk.paths.filter((path) => path.endsWith('.segment'));
  const path = segments.at(index) ?? '';
  const first = Number(path.slice(-34, -19));
  const next = segments[segments.indexOf(path) + 1];
  const last = next === undefined ? 150 : Number(next.slice(-34, -19)) - 1;
  disk.unlink(path);
  await expect(open()).rejects.toMatchObject({ damages: [{ first, last }] });
  const accepted = await open({ acceptLoss: true });
  expect(await run(readAll(accepted, accepted.stats.first))).toEqual([...texts(1, first - 1), ...texts(last + 1, 150)]);
  expect(await run(accepted.append([payload('record 151')]))).toBe(151);
});

test('a segment whose header is damaged is read by its name', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  for (let i = 1; i <= 100; i += 10) await run(log.append(payloads(i, i + 9)));
  await run(log.close());
  const [, second = ''] = disk.paths.filter((path) => path.endsWith('.segment'));
  disk.flipBit(second, 20);
  expect(await run(readAll(await open()))).toEqual(texts(1, 100));
});

test('a segment that cannot be used is kept aside, also when its loss was accepted before', async () => {
  const { open, run, disk } = logWorld();
  const log = await open();
  await run(log.append(payloads(1, 1)));
  await run(log.close());
  const path = disk.paths.find((one) => one.endsWith('.segment')) ?? '';
  const segment = path.slice(DIRECTORY.length + 1);
  for (const position of [20, 70]) disk.flipBit(path, position); // its header and its record
  const loss = { segment, offset: 64, first: 1, last: 1, resumesAt: null, reason: 'it has rotted' };
  await run(writeLosses(mountDisk(disk), DIRECTORY, [loss]));
  const again = await open();
  expect(disk.paths).toContain(`${DIRECTORY}/quarantine/${segment}`);
  for (let i = 2; i <= 200; i += 10) await run(again.append(payloads(i, i + 9)));
  again.acknowledge(190);
  await run(again.close());
  expect(await run(readAll(await open()))).toEqual(texts(191, 201));
});

test('segments are removed some time after their last record when they may only be so old', async () => {
  const { open, run, scheduler, events } = logWorld();
  const log = await open({ maxAgeMs: 10_000 });
  await run(log.append(payloads(1, 10)));
  await scheduler.advance(9000);
  expect(await run(readAll(log))).toEqual(texts(1, 10));
  await scheduler.advance(20_000);
  expect(log.stats).toMatchObject({ first: 11, segments: 0, expiredUnacknowledged: 10 });
  expect(events).toContainEqual({ kind: 'expired', first: 1, last: 10, unacknowledged: 10 });
  expect(await run(log.append([payload('record 11')]))).toBe(11);
});

interface Crafted {
  readonly epoch: number;
  readonly first: number;
  readonly recordEpoch: number;
  readonly text: string;
}

/** A segment as nobody in good order writes it. */
async function segmentWith(
  { disk, run, scheduler }: Pick<LogWorld, 'disk' | 'run' | 'scheduler'>,
  { epoch, first, recordEpoch, text }: Crafted,
): Promise<void> {
  const buffer = byteBuffer(24 + text.length);
  writeRecord(buffer, 0, payload(text), { epoch: recordEpoch, sequence: first, unsyncedFrom: first });
  const fileSystem = mountDisk(disk);
  const group = Group.of(first, 1, buffer.bytes, fileSystem);
  const header = { epoch, first, follows: first - 1, followsFirst: 0, followsBytes: 0, bornWith: first, createdAt: 0 };
  const through = new ThroughWriter(fileSystem, scheduler);
  await run(createSegment(fileSystem, DIRECTORY, { header, groups: [group], through, spare: undefined }));
}
