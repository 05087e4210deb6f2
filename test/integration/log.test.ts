import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { durableLog, LogLockedError, type Log } from 'daoflow/log';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'daoflow-log-')), 'log');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const open = (): Promise<Log> =>
  durableLog(directory, { segmentBytes: 64 * 1024, groupBytes: 16 * 1024, reserveBytes: 1024 });

async function texts(log: Log): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of log.read({ follow: false })) {
    for (const payload of batch) all.push(Buffer.from(payload).toString());
  }
  return all;
}

test('records survive close and open on real files, which only their user may read', async () => {
  const log = await open();
  const written = Array.from({ length: 3000 }, (_, i) => `event ${i} ${'x'.repeat(i % 90)}`);
  await Promise.all(written.map((text) => log.append([Buffer.from(text)])));
  await log.close();
  expect(readdirSync(directory).filter((name) => name.endsWith('.segment')).length).toBeGreaterThan(1);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
  const again = await open();
  expect(await texts(again)).toEqual(written);
  await again.close();
});

test('a reader follows the tail, and ends when the log is closed', async () => {
  const log = await open();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const batch of log.read()) for (const payload of batch) seen.push(Buffer.from(payload).toString());
  })();
  for (let i = 0; i < 20; i += 1) await log.append([Buffer.from(String(i))]);
  await log.close();
  await reading;
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
});

test('a second writer is refused while the first lives, and a stale lock is taken over', async () => {
  const log = await open();
  await expect(open()).rejects.toThrow(LogLockedError);
  await expect(open()).rejects.toThrow(`process ${process.pid}`);
  const held = JSON.parse(readFileSync(join(directory, 'lock'), 'utf8')) as { startedAt: string };
  await log.close();
  // The number of this process, but another start: it was used again.
  writeFileSync(join(directory, 'lock'), JSON.stringify({ ...held, startedAt: 'long ago', token: 'other' }));
  const again = await open();
  await again.close();
  expect(readdirSync(directory)).not.toContain('lock');
});
