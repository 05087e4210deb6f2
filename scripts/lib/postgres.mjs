/**
 * A private PostgreSQL server: on loopback, on a free port, its data in a folder of its own, with PostgreSQL's default
 * durability (fsync is on) and never run by root, which PostgreSQL refuses.
 *
 * A keeper (keeper.mjs) waits for the end of whoever started it: however that comes, by `stop()`, a signal or `kill -9`,
 * the server is stopped and its folder removed.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKeeper } from './keeper.mjs';
import { postgresPrograms } from './postgres-programs.mjs';
import { say } from './say.mjs';
import { unprivilegedUser } from './unprivileged-user.mjs';

const OWNER = 'daoflow';
/** Most time for the server to be ready, ms: a shared disk may be slow. */
const READY_MS = 60_000;
/** Another program may take the port that was free a moment ago. */
const ATTEMPTS = 3;

/**
 * Takes the server that DATABASE_URL names, or starts one, after installing Debian's package where it is missing and may be.
 *
 * @throws Error that says what is missing and how to get it
 */
export async function startPostgres() {
  const given = process.env.DATABASE_URL;
  return given ? givenServer(given) : await privateServer();
}

function givenServer(url) {
  const { host, pathname } = new URL(url);
  say(`using the PostgreSQL of DATABASE_URL: ${host}${pathname}`);
  const refuse = () => Promise.reject(new Error('the server of DATABASE_URL is not ours to stop'));
  return { url, isOwn: false, halt: refuse, resume: refuse, stop: () => Promise.resolve() };
}

async function privateServer() {
  const programs = postgresPrograms();
  const user = unprivilegedUser('postgres');
  const folder = mkdtempSync(join(tmpdir(), 'daoflow-postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const keeper = startKeeper(folder, user);
  try {
    const server = new Server({ programs, user, folder });
    await server.create();
    for (let attempt = 1; !(await server.start(await freePort())); attempt += 1) {
      if (attempt === ATTEMPTS) throw new Error(`PostgreSQL did not start:\n${server.log()}`);
    }
    say(`PostgreSQL started on ${server.address}, its data in ${folder}`);
    return {
      url: server.url,
      isOwn: true,
      halt: () => server.halt(),
      resume: () => server.resume(),
      stop: () => keeper.stop(),
    };
  } catch (error) {
    await keeper.stop();
    throw error;
  }
}

class Server {
  #programs;
  #user;
  #folder;
  #password = randomBytes(12).toString('hex');
  #port = 0;
  #process;

  constructor({ programs, user, folder }) {
    this.#programs = programs;
    this.#user = user;
    this.#folder = folder;
  }

  get address() {
    return `127.0.0.1:${this.#port}`;
  }

  get url() {
    return `postgres://${OWNER}:${this.#password}@${this.address}/postgres`;
  }

  log() {
    return readFileSync(join(this.#folder, 'log'), 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  }

  /** Makes the data folder. A password is asked for, since other users of this machine can reach the port too. */
  async create() {
    const passwordFile = join(this.#folder, 'password');
    writeFileSync(passwordFile, this.#password, { mode: 0o600 });
    if (this.#user) chownSync(passwordFile, this.#user.uid, this.#user.gid);
    const cluster = ['--pgdata', join(this.#folder, 'data'), '--username', OWNER, '--encoding', 'UTF8', '--no-locale'];
    // Syncing an empty cluster takes seconds; the server itself syncs all that it is told to keep.
    const access = ['--auth', 'scram-sha-256', '--pwfile', passwordFile, '--no-sync'];
    const [code] = await once(this.#spawn(this.#programs.initdb, [...cluster, ...access]), 'close');
    if (code !== 0) throw new Error(`initdb ended with ${code}:\n${this.log()}`);
  }

  /** @returns whether it is ready; false when it ended at once, as it does when the port is taken */
  async start(port) {
    this.#port = port;
    const log = join(this.#folder, 'log');
    const before = readFileSync(log).length;
    const place = ['-D', join(this.#folder, 'data'), '-h', '127.0.0.1', '-p', String(port)];
    this.#process = this.#spawn(this.#programs.postgres, [...place, '-c', 'unix_socket_directories=']);
    this.#process.unref();
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline) {
      if (readFileSync(log).subarray(before).includes('ready to accept connections')) return true;
      if (this.#process.exitCode !== null) return false;
      await sleep(20);
    }
    throw new Error(`PostgreSQL was not ready within ${READY_MS / 1000} s:\n${this.log()}`);
  }

  /** Ends all connections and stops in order. */
  async halt() {
    this.#process.ref();
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGINT');
    await ended;
  }

  async resume() {
    if (!(await this.start(this.#port))) throw new Error(`PostgreSQL did not start again:\n${this.log()}`);
  }

  /** Detached, so that Ctrl-C reaches us and not the server: what uses it may still want to end in order. */
  #spawn(program, args) {
    const log = openSync(join(this.#folder, 'log'), 'a');
    const child = spawn(program, args, {
      ...this.#user,
      cwd: this.#folder,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    return child;
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
