import { expect, test } from 'vitest';
import { VirtualScheduler } from '../testing/virtual-scheduler.ts';
import { SimulatedDisk } from '../testing/storage/simulated-disk.ts';
import { mountDisk } from '../testing/storage/simulated-file-system.ts';
import { systemRandom } from '../host/random.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { ThroughWriter } from './through-writer.ts';

const BLOCK = 512;

interface Written {
  readonly way: 'cached' | 'direct';
  readonly position: number;
  readonly length: number;
}

interface Made {
  readonly write: (length: number, position: number, isLarge?: boolean) => Promise<void>;
  readonly calls: Written[];
}

/**
 * @param answer - what a call takes, in ms, or fails with
 * @param atMost - bytes that one write past the cache takes
 */
function writer(answer: (way: Written['way']) => number | string = () => 1, atMost = Infinity): Made {
  const scheduler = new VirtualScheduler();
  const disk = new SimulatedDisk({ scheduler, random: systemRandom(1) });
  const fileSystem: FileSystem = { ...mountDisk(disk), partBytes: 1e9 };
  const clock = { now: 0 };
  const calls: Written[] = [];
  const unused = (): never => {
    throw new Error('only written to');
  };
  const writeAs =
    (way: Written['way']) =>
    ({ length }: Uint8Array, position: number): Promise<number> => {
      calls.push({ way, position, length });
      const result = answer(way);
      if (typeof result === 'string') return Promise.reject(Object.assign(new Error(result), { code: result }));
      clock.now += result;
      return Promise.resolve(way === 'direct' ? Math.min(length, atMost) : length);
    };
  const write = writeAs('cached');
  const file: OpenFile = {
    write,
    writeBlocks: writeAs('direct'),
    read: unused,
    size: unused,
    sync: unused,
    close: unused,
  };
  const through = new ThroughWriter(fileSystem, { now: () => clock.now, wall: () => 0 });
  return {
    write: (length, position, isLarge = true) => through.write(file, new Uint8Array(length), position, isLarge),
    calls,
  };
}

test.each([
  { what: 'small', isLarge: false, position: 0 },
  { what: 'not at a block', isLarge: true, position: BLOCK + 64 },
])('what is $what never goes past the cache', async ({ isLarge, position }) => {
  const { write, calls } = writer();
  for (let i = 0; i < 100; i += 1) await write(2 * BLOCK, position, isLarge);
  expect(new Set(calls.map(({ way }) => way))).toEqual(new Set(['cached']));
});

test.each([
  { quicker: 'direct', direct: 1, cached: 2 },
  { quicker: 'cached', direct: 2, cached: 1 },
])('whole blocks go the way that is quicker per byte: $quicker', async ({ quicker, direct, cached }) => {
  const { write, calls } = writer((way) => (way === 'direct' ? direct : cached));
  for (let i = 0; i < 100; i += 1) await write(BLOCK * (1 + (i % 3)), 0);
  expect(calls.filter(({ way }) => way === quicker).length).toBeGreaterThanOrEqual(90);
});

test('what a short write past the cache leaves goes through it', async () => {
  const { write, calls } = writer(() => 1, 100);
  await write(2 * BLOCK, BLOCK);
  expect(calls).toEqual([
    { way: 'direct', position: BLOCK, length: 2 * BLOCK },
    { way: 'cached', position: BLOCK + 100, length: 2 * BLOCK - 100 },
  ]);
});

test('an error past the cache is told, and the next write goes through it', async () => {
  const { write, calls } = writer((way) => (way === 'direct' ? 'EIO' : 1));
  await expect(write(BLOCK, 0)).rejects.toThrow('EIO');
  await write(BLOCK, 0);
  expect(calls.map(({ way }) => way)).toEqual(['direct', 'cached']);
});

test('a full disk says nothing of the way', async () => {
  let isFull = true;
  const { write, calls } = writer(() => (isFull ? 'ENOSPC' : 1));
  await expect(write(BLOCK, 0)).rejects.toThrow('ENOSPC');
  isFull = false;
  await write(BLOCK, 0);
  expect(calls.map(({ way }) => way)).toEqual(['direct', 'direct']);
});
