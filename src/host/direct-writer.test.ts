import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OpenFile } from '../log/file-system.ts';
import { systemFileSystem } from './file-system.ts';

const BLOCK = 4096;
const fileSystem = systemFileSystem();
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'daoflow-direct-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = (): string => join(directory, 'file');

async function withFile(use: (file: OpenFile) => Promise<void>): Promise<Buffer> {
  const file = await fileSystem.open(path(), 'create-through');
  await use(file);
  await file.close();
  return readFileSync(path());
}

function blocks(count: number, byte: number): Uint8Array {
  return fileSystem.blockMemory(count * BLOCK).fill(byte);
}

test('blocks and other writes in turn become one file, which readers see at once', async () => {
  const reader = { sees: -1 };
  const written = await withFile(async (file) => {
    await file.write(Buffer.alloc(100, 1), 0);
    expect(await file.writeBlocks(blocks(2, 2), BLOCK)).toBe(2 * BLOCK);
    await file.write(Buffer.alloc(100, 3), 3 * BLOCK);
    expect(await file.writeBlocks(blocks(1, 4), BLOCK)).toBe(BLOCK); // over what a reader may have in the cache
    reader.sees = readFileSync(path())[BLOCK] as number;
  });
  expect(reader.sees).toBe(4);
  const expected = [Buffer.alloc(100, 1), Buffer.alloc(BLOCK - 100), blocks(1, 4), blocks(1, 2), Buffer.alloc(100, 3)];
  expect(written.equals(Buffer.concat(expected))).toBe(true);
});

test('what cannot go past the cache goes through it: memory that begins at no block, and a place that is none', async () => {
  const written = await withFile(async (file) => {
    const crooked = fileSystem
      .blockMemory(2 * BLOCK)
      .fill(7)
      .subarray(3, 3 + BLOCK);
    expect(await file.writeBlocks(crooked, 0)).toBe(BLOCK);
    expect(await file.writeBlocks(blocks(1, 8), BLOCK + 5)).toBe(BLOCK);
  });
  expect(written.equals(Buffer.concat([blocks(1, 7), Buffer.alloc(5), blocks(1, 8)]))).toBe(true);
});

test('a file that has another name since it was opened is written to', async () => {
  const written = await withFile(async (file) => {
    const elsewhere = join(directory, 'elsewhere');
    await fileSystem.rename(path(), elsewhere);
    await file.writeBlocks(blocks(1, 9), 0);
    await fileSystem.rename(elsewhere, path());
  });
  expect(written.equals(Buffer.from(blocks(1, 9)))).toBe(true);
});
