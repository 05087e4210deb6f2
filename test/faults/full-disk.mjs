/**
 * Row of `npm run test:faults`: the data directory lies on a small disk of its own (tmpfs), which others fill and free again.
 * What was answered with 202 must be in the output; while there is no room the answer is 503, and afterwards 202 again.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from '../../scripts/lib/paths.mjs';

const DISK_MB = 8;
/** Of each event, bytes: the disk is full after a few hundred. */
const PAYLOAD = 'x'.repeat(4000);
const PHASE_LIMIT_MS = 30_000;

/** @param row - see handlers.mjs @param skip - takes a name and a reason */
export async function fullDiskRow(folder, row, skip) {
  const name = `disk of ${DISK_MB} MB filled and freed, twice`;
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=700`, 'tmpfs', disk]);
  if (status !== 0) {
    skip(name, `no tmpfs may be mounted here: ${String(stderr ?? 'there is no mount').trim()}`);
    return;
  }
  try {
    await filledAndFreed(name, disk, join(folder, 'full-out.ndjson'), row);
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
}

async function filledAndFreed(name, disk, out, row) {
  const flow = started(disk, out);
  const acknowledged = [];
  const answers = { taken: 0, refused: 0, other: 0 };
  let n = 0;
  /** @returns whether one was answered as wanted in time */
  const postUntil = async (wanted) => {
    for (const end = Date.now() + PHASE_LIMIT_MS; Date.now() < end && flow.isUp(); n += 1) {
      const status = await post(flow.port(), `{"n":${n},"payload":"${PAYLOAD}"}\n`);
      if (status === 202) acknowledged.push(n);
      answers[status === 202 ? 'taken' : status === 503 ? 'refused' : 'other'] += 1;
      if (status === wanted) return true;
      if (status === 503) await sleep(20);
    }
    return false;
  };
  await flow.listening;
  const steps = [await postUntil(202)];
  for (let round = 0; round < 2; round += 1) {
    fill(join(disk, 'ballast'));
    steps.push(await postUntil(503));
    rmSync(join(disk, 'ballast'));
    const began = Date.now();
    steps.push(await postUntil(202));
    steps.push(Date.now() - began < 5000);
  }
  for (let i = 0; i < 50; i += 1) await postUntil(202);
  const code = await flow.drained();
  const written = new Set(
    readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).n),
  );
  const lost = acknowledged.filter((each) => !written.has(each)).length;
  const isSaid = /full/.test(flow.said());
  const isRight = code === 0 && steps.every(Boolean) && lost === 0 && answers.other === 0 && isSaid;
  if (!isRight) console.error(flow.said(), steps);
  row(name, isRight, JSON.stringify({ ...answers, lost, isSaid }));
}

/** Takes all that is left. */
function fill(path) {
  spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4k'], { stdio: 'ignore' });
}

function post(port, body) {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, method: 'POST', agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    });
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

function started(disk, out) {
  const args = [at('dist/cli.js'), 'run', at('test/faults/full-disk.flow.mjs'), '--plain'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, OUT: out, DATA: join(disk, 'data'), NO_COLOR: '1' },
    cwd: disk,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let [said, port, code] = ['', undefined, undefined];
  const ended = new Promise((resolve) => child.on('close', (status) => resolve((code = status))));
  const listening = new Promise((resolve) => {
    child.stderr.on('data', (bytes) => {
      said += bytes;
      port ??= /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve();
    });
    void ended.then(resolve);
  });
  return {
    listening,
    port: () => Number(port),
    isUp: () => code === undefined,
    said: () => said.slice(-6000),
    drained: () => {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), PHASE_LIMIT_MS);
      return ended.finally(() => clearTimeout(limit));
    },
  };
}
