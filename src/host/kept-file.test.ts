import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keptFile } from './kept-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daoflow-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('has nothing at first, then what was written last, in a folder that it makes, and leaves nothing beside it', async () => {
  const file = keptFile(join(folder, 'deep', 'learned.json'));
  expect(await file.read()).toBeUndefined();
  await file.write('one');
  await file.write('two');
  expect(await file.read()).toBe('two');
  expect(readdirSync(join(folder, 'deep'))).toEqual(['learned.json']);
});

it('rejects what cannot be read or written, and leaves no draft', async () => {
  const file = keptFile(folder);
  await expect(file.read()).rejects.toThrow('EISDIR');
  await expect(file.write('one')).rejects.toThrow();
  expect(
    readdirSync(join(folder, '..')).filter((name) => name.endsWith('.tmp') && name.includes('daoflow-kept-')),
  ).toEqual([]);
});
