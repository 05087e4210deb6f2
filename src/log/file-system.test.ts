import { expect, test } from 'vitest';
import { writeThrough, type OpenFile } from './file-system.ts';

interface Call {
  readonly bytes: number[];
  readonly position: number;
  readonly resolve: (written: number) => void;
  readonly reject: (error: Error) => void;
}

/** A file whose calls the test answers. */
function answeredFile(): { readonly file: OpenFile; readonly calls: Call[] } {
  const calls: Call[] = [];
  const unused = (): never => {
    throw new Error('only written to');
  };
  const write = (bytes: Uint8Array, position: number): Promise<number> =>
    new Promise((resolve, reject) => calls.push({ bytes: [...bytes], position, resolve, reject }));
  return { file: { write, writeBlocks: unused, read: unused, size: unused, sync: unused, close: unused }, calls };
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

async function stateOf(promise: Promise<void>): Promise<string> {
  let state = 'pending';
  promise.then(
    () => (state = 'done'),
    (error: unknown) => (state = (error as Error).message),
  );
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
  return state;
}

test('what is large is written as parts at the same time, and is done when all are', async () => {
  const { file, calls } = answeredFile();
  const writing = writeThrough(file, Uint8Array.of(1, 2, 3, 4, 5), 10, 2);
  expect(calls.map(({ bytes, position }) => ({ bytes, position }))).toEqual([
    { bytes: [1, 2], position: 10 },
    { bytes: [3, 4, 5], position: 12 },
  ]);
  calls[1]?.resolve(3);
  calls[0]?.resolve(1); // a short write
  expect(await stateOf(writing)).toBe('pending');
  expect(calls[2]).toMatchObject({ bytes: [2], position: 11 });
  calls[2]?.resolve(1);
  expect(await stateOf(writing)).toBe('done');
});

test.each([
  { partBytes: 5, parts: [[1, 2, 3, 4, 5, 6, 7, 8]] },
  {
    partBytes: 4,
    parts: [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ],
  },
  {
    partBytes: 1,
    parts: [
      [1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ],
  },
])('no part is smaller than $partBytes bytes, and there are three at most', ({ partBytes, parts }) => {
  const { file, calls } = answeredFile();
  void writeThrough(file, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 10, partBytes);
  expect(calls.map(({ bytes }) => bytes)).toEqual(parts);
});

test.each([0, 1])(
  'part %i may fail, and the other one is waited for: nobody else may use its file before',
  async (i) => {
    const { file, calls } = answeredFile();
    const writing = writeThrough(file, Uint8Array.of(1, 2), 0, 1);
    calls[i]?.reject(failure('EIO'));
    expect(await stateOf(writing)).toBe('pending');
    calls[1 - i]?.resolve(1);
    expect(await stateOf(writing)).toBe('EIO');
  },
);

test.each([0, 1])('a full disk is waited for only when nothing else is wrong (part %i)', async (i) => {
  const { file, calls } = answeredFile();
  const writing = writeThrough(file, Uint8Array.of(1, 2), 0, 1);
  calls[i]?.reject(failure('ENOSPC'));
  calls[1 - i]?.reject(failure('EIO'));
  expect(await stateOf(writing)).toBe('EIO');
});
