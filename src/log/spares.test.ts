import { expect, test } from 'vitest';
import { DIRECTORY, logWorld, payload, readAll, type LogWorld } from '../testing/storage/log-fixtures.ts';
import type { Inode } from '../testing/storage/inode.ts';
import type { Crash } from '../testing/storage/simulated-disk.ts';
import { mountDisk } from '../testing/storage/simulated-file-system.ts';
import type { FileSystem } from './file-system.ts';
import { inspectLog } from './inspect.ts';
import type { Log } from './log.ts';

/** All records have one size: those of a file's earlier life begin where those of its next one do. */
const text = (sequence: number): string => `record ${String(sequence).padStart(5, '0')}`;
const texts = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => text(first + i));
const TEN = 10;

const segmentsOf = ({ disk }: LogWorld): string[] => disk.paths.filter((path) => path.endsWith('.segment'));
const draftsOf = ({ disk }: LogWorld): string[] => disk.paths.filter((path) => path.endsWith('.segment.tmp'));
const inodesOf = (world: LogWorld): (Inode | undefined)[] => segmentsOf(world).map((path) => world.disk.inode(path));

/** Appends ten records, and acknowledges all that were there before. */
async function turn({ run, scheduler }: LogWorld, log: Log): Promise<void> {
  const { last } = log.stats;
  await run(log.append(texts(last + 1, last + TEN).map(payload)));
  log.acknowledge(last);
  await scheduler.advance(20);
}

async function turns(world: LogWorld, log: Log, until: () => boolean): Promise<void> {
  for (let i = 0; !until(); i += 1) {
    if (i > 1000) throw new Error('it never comes to that');
    await turn(world, log);
  }
}

/** A log whose newest segment is written over another one, and has room for what that held behind its own records. */
async function writtenOver(world: LogWorld): Promise<Log> {
  const log = await world.open();
  await turns(world, log, () => draftsOf(world).length > 0);
  const [spare = ''] = draftsOf(world);
  const inode = world.disk.inode(spare);
  await turns(world, log, () => world.disk.inode(segmentsOf(world).at(-1) ?? '') === inode);
  return log;
}

test('a log that is consumed as it grows needs no new files, and gives back what it kept for them when it closes', async () => {
  const world = logWorld();
  const log = await writtenOver(world);
  const files = new Set([...inodesOf(world), ...draftsOf(world).map((path) => world.disk.inode(path))]);
  for (let i = 0; i < 100; i += 1) {
    await turn(world, log);
    for (const inode of inodesOf(world)) expect(files).toContain(inode);
  }
  const { last } = log.stats;
  await world.run(log.close());
  expect(draftsOf(world)).toEqual([]);
  expect(await world.run(readAll(await world.open()))).toEqual(texts(last - TEN + 1, last));
});

test('no more than two are kept', async () => {
  const world = logWorld();
  const log = await world.open();
  for (let i = 0; i < 60; i += 1) await world.run(log.append(texts(i * TEN + 1, (i + 1) * TEN).map(payload)));
  expect(segmentsOf(world).length).toBeGreaterThan(5);
  log.acknowledge(log.stats.last);
  await world.scheduler.advance(2000);
  expect(segmentsOf(world)).toHaveLength(1);
  expect(draftsOf(world)).toHaveLength(2);
});

test.each<Crash>(['kill', 'power'])(
  'a crash (%s) at any call of a life in which files are written over takes nothing',
  async (how) => {
    for (let calls = 1; calls <= 120; calls += 1) {
      const world = logWorld({ seed: calls });
      const { disk, scheduler } = world;
      const log = await writtenOver(world);
      disk.crashAfter(calls, how);
      let { last: answered } = log.stats;
      for (let asked = answered; disk.crashes === 0; asked += TEN) {
        void log.append(texts(asked + 1, asked + TEN).map(payload)).then((last) => (answered = last));
        log.acknowledge(Math.max(0, answered - TEN));
        await scheduler.advance(20);
      }
      const again = await world.open();
      expect(again.stats.last, `${calls} calls`).toBeGreaterThanOrEqual(answered);
      expect(await world.run(readAll(again))).toEqual(texts(again.stats.acknowledged + 1, again.stats.last));
      await turn(world, again);
      expect(draftsOf(world)).toEqual([]);
    }
  },
);

test('what a file held before ends a segment that is written over it, and is no torn tail', async () => {
  const world = logWorld();
  const { last } = (await writtenOver(world)).stats;
  world.disk.crash('kill');
  expect(await world.run(inspectLog(mountDisk(world.disk), DIRECTORY, true))).toMatchObject({
    last,
    damages: [],
    torn: undefined,
  });
  const again = await world.open();
  expect(again.stats.last).toBe(last);
  expect(world.events.filter(({ kind }) => kind === 'tail-cut')).toEqual([]);
});

test.each([
  { which: 'the last record', back: 0, isDamage: false },
  { which: 'one that a later commit proves durable', back: TEN, isDamage: true },
])('$which that is broken is told from what lay there before', async ({ back, isDamage }) => {
  const world = logWorld();
  const log = await writtenOver(world);
  await turn(world, log);
  const broken = log.stats.last - back;
  world.disk.crash('kill');
  world.disk.unlink(`${DIRECTORY}/ledger`);
  const newest = segmentsOf(world).at(-1) ?? '';
  const before = broken - Number(newest.slice(-34, -19));
  world.disk.flipBit(newest, 64 + (24 + text(1).length) * before + 30);
  if (isDamage) {
    await expect(world.open()).rejects.toMatchObject({ damages: [{ first: broken, last: broken }] });
  } else {
    expect((await world.open()).stats.last).toBe(broken - 1);
    expect(world.events.map(({ kind }) => kind)).toContain('tail-cut');
  }
});

test('a file whose sync has failed is not written over', async () => {
  const world = logWorld();
  const log = await world.open();
  await turn(world, log);
  const [failed] = inodesOf(world);
  world.disk.faults = { ...world.disk.faults, failedSync: 1 };
  const appended = log.append(texts(TEN + 1, 2 * TEN).map(payload));
  for (let i = 0; !world.events.some(({ kind }) => kind === 'segment-abandoned'); i += 1) {
    if (i > 1000) throw new Error('the sync never fails');
    await world.scheduler.advance(0.1);
  }
  world.disk.faults = { ...world.disk.faults, failedSync: 0 };
  await world.run(appended);
  await turns(world, log, () => draftsOf(world).length > 0);
  for (let i = 0; i < 50; i += 1) {
    await turn(world, log);
    expect(inodesOf(world)).not.toContain(failed);
  }
});

test('on a full disk spares go before the reserve, and none are kept until there is room', async () => {
  const world = logWorld();
  const { disk, run, scheduler } = world;
  const log = await world.open({ reserveBytes: 4096 });
  for (let i = 0; i < 60; i += 1) await run(log.append(texts(i * TEN + 1, (i + 1) * TEN).map(payload)));
  log.acknowledge(log.stats.last - 300);
  await scheduler.advance(2000);
  expect(draftsOf(world)).toHaveLength(2);
  disk.capacityBytes = disk.usedBytes;
  await run(log.append([payload('x'.repeat(3000))]));
  expect(draftsOf(world)).toEqual([]);
  expect(disk.inode(`${DIRECTORY}/reserve`)?.size).toBe(4096);

  disk.capacityBytes = disk.usedBytes;
  await run(log.append([payload('x'.repeat(3000))])); // from the reserve
  const waiting = log.append([payload('x'.repeat(3000))]);
  await scheduler.advance(100);
  expect(log.stats.state).toBe('paused');
  log.acknowledge(600);
  await run(waiting);
  expect(draftsOf(world)).toEqual([]);
});

/** As another process has it: when it has opened a file for the `nth` time, and before it reads, `then` happens. */
function interrupted(world: LogWorld, path: string, nth: number, then: () => Promise<void>): FileSystem {
  const fileSystem = mountDisk(world.disk);
  let opened = 0;
  return {
    ...fileSystem,
    open: async (wanted, mode) => {
      const file = await fileSystem.open(wanted, mode);
      if (wanted === path && (opened += 1) === nth) await then();
      return file;
    },
  };
}

test.each([
  { how: 'verify', nth: 2 }, // it reads the header first
  { how: 'cat', nth: 3 },
])(
  'a reader beside the writer ($how) takes a file that was written over for removed, not damaged',
  async ({ how, nth }) => {
    const world = logWorld();
    const log = await writtenOver(world);
    const path = segmentsOf(world).at(-1) ?? '';
    const inode = world.disk.inode(path);
    const isReused = (): boolean => !segmentsOf(world).includes(path) && inodesOf(world).includes(inode);
    const grow = async (): Promise<void> => {
      while (!isReused()) {
        const { last } = log.stats;
        await log.append(texts(last + 1, last + TEN).map(payload));
        log.acknowledge(last);
      }
    };
    const inspection = await world.run(inspectLog(interrupted(world, path, nth, grow), DIRECTORY, how === 'verify'));
    expect(inspection?.damages).toEqual([]);
    if (how === 'verify') return;
    const reading = Promise.resolve(inspection?.read(inspection.first).next());
    await expect(world.run(reading)).rejects.toThrow(/were removed before they were read/);
  },
);
