/**
 * Row of `npm run test:faults`: others take all descriptors of the process, while it needs new ones: for checkpoints, for the next
 * segment of its log, for its dead letters. What was answered with 202 is there in the end, and it is taken again at once.
 */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from '../../scripts/lib/paths.mjs';
import { startListening } from '../../scripts/lib/suite.mjs';
import { missing, Poster } from './poster.mjs';

const SPARE = 8;
const GREEDY = 100;
/** So that its log needs a new file after about 70. */
const PADDING = 'x'.repeat(900_000);
const MOST_POSTS = 150;
const BACK_MS = 10_000;
const LETTERS = 1;
const WRITTEN_S = 30;

export async function descriptorRow({ folder, row, skip }) {
  const name = 'no descriptor is left (EMFILE), then they are free again';
  const [out, data] = [join(folder, 'descriptors-out.ndjson'), join(folder, 'descriptors-data')];
  if (spawnSync('prlimit', ['--version']).status !== 0) return skip(name, 'there is no prlimit here');
  const run = startListening('test/faults/posted.flow.mjs', { env: { OUT: out, DATA: data } });
  const port = await run.port;
  const poster = new Poster(port);
  await poster.post();
  await sleep(500);
  const limit = readdirSync(`/proc/${run.child.pid}/fd`).length + SPARE;
  spawnSync('prlimit', ['--pid', String(run.child.pid), `--nofile=${limit}:${limit}`]);
  const greedy = Array.from({ length: GREEDY }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(greedy.map((socket) => once(socket, 'connect')));
  await poster.post({ isBroken: true });
  let status = 202;
  for (let i = 0; i < MOST_POSTS && status === 202; i += 1) status = await poster.post({ padding: PADDING });
  const isRefused = status === 503;
  for (const socket of greedy) socket.destroy();
  const freed = Date.now();
  while (Date.now() - freed < BACK_MS && (await poster.post()) !== 202) await sleep(50);
  const backMs = Date.now() - freed;
  for (let i = 0; i < 50; i += 1) await poster.post();
  poster.close();
  // What is still in its log at a drain is left to the next run.
  for (let i = 0; i < WRITTEN_S && missing(poster.taken, [readFileSync(out, 'utf8')]).lost > LETTERS; i += 1)
    await sleep(1000);
  run.child.kill('SIGTERM');
  const { code, said } = await run.ended;
  const letters = spawnSync(process.execPath, [at('dist/cli.js'), 'dlq', 'replay', data, '--keep'], {
    encoding: 'utf8',
  });
  const { lost, repeated } = missing(poster.taken, [readFileSync(out, 'utf8'), letters.stdout]);
  const isSaid = said.includes('too many files are open');
  row(
    name,
    code === 0 && isRefused && isSaid && backMs < BACK_MS && lost + repeated === 0,
    `answered ${JSON.stringify(poster.statuses)}, taken again after ${backMs} ms, lost ${lost}, repeated ${repeated}`,
  );
}
