import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { durableLog } from 'daoflow/log';
import { buildProgram, folder, run, type Folder } from './cli-program.ts';

let here: Folder;
let directory: string;

beforeAll(buildProgram, 60_000);
beforeEach(async () => {
  here = folder();
  directory = join(here.path, 'inbox');
  const log = await durableLog(directory, { reserveBytes: 0 });
  for (let i = 1; i <= 40; i += 10) {
    await log.append(Array.from({ length: 10 }, (_, k) => Buffer.from(`event ${i + k}`)));
  }
  log.acknowledge(12);
  await log.close();
});
afterEach(() => here.remove());

/** One bit of the record that holds this text. */
function damage(text: string): void {
  const name = readdirSync(directory).find((file) => file.endsWith('.segment')) ?? '';
  const bytes = readFileSync(join(directory, name));
  const at = bytes.indexOf(text);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(directory, name), bytes);
}

test('log ls shows segments and how far they are acknowledged', async () => {
  const { code, stdout } = await run(here.path, ['log', 'ls', 'inbox']);
  expect(stdout).toMatch(/^inbox: records 1 to 40, acknowledged to 12, /);
  expect(stdout).toMatch(/^0000000000000001-\d{10}\.segment +1 +40 /m);
  expect(code).toBe(0);
  const json = JSON.parse((await run(here.path, ['log', 'ls', 'inbox', '--json'])).stdout) as unknown;
  expect(json).toMatchObject({ first: 1, last: 40, acknowledged: 12, damages: [], segments: [{ first: 1, last: 40 }] });
});

test('log verify checks every record, and names those that are lost', async () => {
  expect(await run(here.path, ['log', 'verify', 'inbox'])).toMatchObject({ code: 0, stderr: '' });
  damage('event 17');
  const { code, stdout } = await run(here.path, ['log', 'verify', 'inbox']);
  expect(stdout).toMatch(/^inbox: DAMAGED: 39 records checked in 1 segments/);
  expect(stdout).toMatch(
    /LOST: 1 record\n {2}record 17 in \S+\.segment from byte \d+ on: the checksum does not hold\nfix: /,
  );
  expect(code).toBe(1);
});

test('log cat prints records, and stops with the fix where one is lost', async () => {
  const some = await run(here.path, ['log', 'cat', 'inbox', '--from', '9', '--to', '11']);
  expect(some).toEqual({ code: 0, stdout: 'event 9\nevent 10\nevent 11\n', stderr: '' });
  const json = await run(here.path, ['log', 'cat', 'inbox', '--from', '40', '--json']);
  expect(json.stdout).toBe('{"sequence":40,"text":"event 40"}\n');
  damage('event 17');
  const { code, stdout, stderr } = await run(here.path, ['log', 'cat', 'inbox']);
  expect(stdout).toMatch(/^event 1\n[\s\S]*event 16\n$/);
  expect(stderr).toContain('--from 18');
  expect(code).toBe(1);
});

test('log says what to do when there is no log', async () => {
  const nothing = await run(here.path, ['log', 'ls', 'nowhere']);
  expect(nothing).toMatchObject({ code: 2 });
  expect(nothing.stderr).toMatch(/there is no directory nowhere\nfix/);
  const empty = await run(here.path, ['log', 'verify', '.']);
  expect(empty.stderr).toMatch(/holds no log\nfix/);
  const gone = await run(here.path, ['log', 'cat', 'inbox', '--from', '0']);
  expect(gone).toMatchObject({ code: 2 });
});
