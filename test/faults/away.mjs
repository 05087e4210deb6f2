/**
 * The row about a target that is away altogether behind a sink that spills: it refuses, hangs, or answers a byte a second. The
 * process is killed meanwhile, and the next one drained; checkpoints go on, and in the end the target has each event.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { writeEvents } from './events.mjs';

const COUNT = 60_000;
const RATE = 8_000;
/** Requests that may be on their way as the process dies, of 200 events each. */
const ON_ITS_WAY = 16 * 200;
const TRICKLE_MS = 1_000;
/** A drain may take so long before it lets go of what is on disk. */
const DRAIN_S = 2;
const WAYS = ['refuses', 'hangs', 'trickles'];

export async function awayRows({ folder, row }) {
  for (const way of WAYS) await awayRow(way, { folder, row });
}

async function awayRow(way, { folder, row }) {
  const own = (name) => join(folder, `away-${way}-${name}`);
  const target = await Target.listen();
  const env = {
    EVENTS: own('events.ndjson'),
    FAST: own('fast.ndjson'),
    DATA: own('data'),
    URL: target.url,
    RATE: String(RATE),
  };
  mkdirSync(env.DATA);
  await writeEvents(env.EVENTS, COUNT);
  const args = ['--plain', '--drain-timeout', `${DRAIN_S}s`];
  const start = () => startFlow('test/faults/away.flow.mjs', { env, args });
  let run = start();
  await whenLines(env.FAST, RATE / 2, run);
  target.way = way;
  await whenLines(env.FAST, RATE * 2, run);
  const during = newest(env.DATA);
  run.child.kill('SIGKILL');
  await run.ended;
  run = start();
  await whenLines(env.FAST, RATE * 4, run);
  const later = newest(env.DATA);
  run.child.kill('SIGTERM');
  const drained = await run.ended;
  target.way = 'works';
  const { code } = await start().ended;
  await target.close();
  const { lost, repeated } = judged(target.got);
  const isLetGo = drained.code === 0 && drained.said.includes('for the next run');
  const isRight =
    code === 0 && isLetGo && inOrder(env.FAST) && lost === 0 && repeated <= 3 * ON_ITS_WAY && later > during;
  row(
    `a target that ${way}, behind a sink that spills, kill -9 and SIGTERM meanwhile: checkpoints go on, nothing is lost`,
    isRight,
    `lost ${lost}, repeated ${repeated} (of what was on its way), drained with exit code ${drained.code}, ${later > during ? '' : 'no '}checkpoints meanwhile`,
  );
}

/** Counts what it has taken, outside the engine. What it did not answer to the end it has not taken. */
class Target {
  way = 'works';
  got = new Uint16Array(COUNT);
  #server;

  static async listen() {
    const target = new Target();
    target.#server = createServer((request, response) => void target.#answer(request, response));
    target.#server.listen(0, '127.0.0.1');
    await once(target.#server, 'listening');
    target.url = `http://127.0.0.1:${target.#server.address().port}/`;
    return target;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request, response) {
    const { way } = this;
    let body = '';
    for await (const bytes of request) body += bytes;
    if (way === 'refuses') request.socket.destroy();
    else if (way === 'trickles') void trickle(response);
    else if (way === 'works') {
      for (const line of body.split('\n')) if (line !== '') this.got[JSON.parse(line).n] += 1;
      response.end();
    }
  }
}

/** Says that all is well, a byte a second. */
async function trickle(response) {
  response.writeHead(200, { 'content-length': 1_000 });
  while (!response.destroyed) {
    response.write('x');
    await sleep(TRICKLE_MS);
  }
}

function judged(got) {
  return {
    lost: got.filter((times) => times === 0).length,
    repeated: got.reduce((sum, times) => sum + Math.max(0, times - 1), 0),
  };
}

/** Until so many are there, or the process has ended. */
async function whenLines(path, count, { child }) {
  const isThere = () => existsSync(path) && readFileSync(path, 'utf8').split('\n').length > count;
  while (child.exitCode === null && !isThere()) await sleep(50);
}

/** When the newest checkpoint was made. */
function newest(data) {
  const folder = join(data, 'checkpoints');
  return Math.max(
    0,
    ...readdirSync(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
}

function inOrder(path) {
  const numbers = readFileSync(path, 'utf8').trimEnd().split('\n');
  return numbers.length === COUNT && numbers.every((line, i) => JSON.parse(line).n === i);
}
