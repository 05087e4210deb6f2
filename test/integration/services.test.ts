import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import postgres from 'postgres';
import { beforeEach, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/paths.mjs';
import { needsOwnServer, postgresForTests } from '../support/postgres.ts';
import { until } from '../contract/source-harness.ts';

const SCRIPT = at('scripts/services.mjs');
const env = { ...process.env, DATABASE_URL: '' };

interface Running {
  readonly process: ChildProcess;
  readonly port: number;
  readonly folder: string;
}

async function started(args: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = new URL(line.replace('DATABASE_URL=', ''));
  expect(url.password).toMatch(/^[0-9a-f]{24}$/);
  return { process: child, port: Number(url.port), folder: /data in (\S+)/.exec(said)?.[1] ?? '' };
}

async function isGone({ port, folder }: Running): Promise<void> {
  await until(() => !existsSync(folder), `the end of ${folder}`, 20_000);
  const socket = connect(port, '127.0.0.1');
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}

describe('npm run services', { timeout: 60_000 }, () => {
  const database = postgresForTests();
  beforeEach((context) => needsOwnServer(context, database()));

  it('runs a command with DATABASE_URL, ends with its exit code, and leaves nothing behind', async () => {
    const program = 'console.log(process.env.DATABASE_URL); process.exit(3)';
    const running = await started(['--', process.execPath, '-e', program]);
    expect(running.folder).not.toBe('');
    expect(await once(running.process, 'close')).toEqual([3, null]);
    await isGone(running);
  });

  it('stops in order on Ctrl-C', async () => {
    const running = await started([]);
    expect(existsSync(running.folder)).toBe(true);
    running.process.kill('SIGINT');
    expect(await once(running.process, 'close')).toEqual([0, null]);
    await isGone(running);
  });

  it('passes SIGTERM on to its command', async () => {
    const program = 'console.log(process.env.DATABASE_URL); setInterval(() => {}, 1000)';
    const running = await started(['--', process.execPath, '-e', program]);
    running.process.kill('SIGTERM');
    expect(await once(running.process, 'close')).toEqual([143, null]);
    await isGone(running);
  });

  it('leaves nothing behind when it is killed', async () => {
    const running = await started([]);
    running.process.kill('SIGKILL');
    await isGone(running);
  });

  it('starts a server that asks for its password, keeps what it confirms', async () => {
    const wrong = new URL(database().url);
    wrong.password = 'wrong';
    const stranger = postgres(wrong.href, { max: 1 });
    await expect(stranger`select 1`).rejects.toMatchObject({ code: '28P01' });
    await stranger.end();
    const { sql } = database();
    expect(await sql`show fsync`).toEqual([{ fsync: 'on' }]);
    expect(await sql`show synchronous_commit`).toEqual([{ synchronous_commit: 'on' }]);
    expect(await sql`show listen_addresses`).toEqual([{ listen_addresses: '127.0.0.1' }]);
  });
});

describe('npm run services, without a server of its own', () => {
  it('takes the server of DATABASE_URL, and shows no password', () => {
    const url = 'postgres://me:canary@db.invalid:5433/shop';
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [SCRIPT, '--', process.execPath, '-p', 'process.env.DATABASE_URL'],
      { env: { ...env, DATABASE_URL: url }, encoding: 'utf8' },
    );
    expect([status, stdout.trim()]).toEqual([0, url]);
    expect(stderr).toContain('db.invalid:5433/shop');
    expect(stderr).not.toContain('canary');
  });

  it('says how it is used', () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, 'oops'], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('services.mjs [-- COMMAND...]')]);
  });
});
