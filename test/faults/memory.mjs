/**
 * Row of `npm run test:faults`: the process is in a control group of its own, with a limit of memory, and is ended by the system as it
 * goes beyond, all at once. Another one goes on.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from '../../scripts/lib/paths.mjs';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { writeEvents } from './events.mjs';

const COUNT = 60_000;
const FILLS_AT = 40_000;
const LIMIT_MB = 512;
/** Of version 1 and 2: where groups are made, and the file with their limit. */
const VERSIONS = [
  ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
  ['/sys/fs/cgroup', 'memory.max'],
];
const REMOVED_WITHIN_MS = 5_000;

export async function memoryRow({ folder, row, skip }) {
  const name = `memory beyond the ${LIMIT_MB} MB that the system allows: the process is killed, and another goes on`;
  const group = limitedGroup();
  if (group === undefined) {
    skip(name, 'no control group with a limit of memory may be made here');
    return;
  }
  try {
    await killedBySystem(name, group, { folder, row });
  } finally {
    await removed(group);
  }
}

async function killedBySystem(name, group, { folder, row }) {
  const own = (what) => join(folder, `memory-${what}`);
  const env = { EVENTS: own('events.ndjson'), OUT: own('out.ndjson'), DATA: own('data') };
  await writeEvents(env.EVENTS, COUNT);
  const first = startFlow('test/faults/memory.flow.mjs', { env: { ...env, FILLS_AT: String(FILLS_AT) } });
  writeFileSync(join(group, 'cgroup.procs'), String(first.child.pid));
  const { signal } = await first.ended;
  const { code } = await startFlow('test/faults/memory.flow.mjs', { env }).ended;
  const { status, stdout } = spawnSync(process.execPath, [
    at('test/faults/each-once.mjs'),
    env.OUT,
    env.DATA,
    String(COUNT),
    '0',
  ]);
  row(
    name,
    signal === 'SIGKILL' && code === 0 && status === 0,
    `${signal ?? 'not killed'}, then ${String(stdout).trim()}`,
  );
}

/** @returns its folder; undefined where that is not allowed */
function limitedGroup() {
  for (const [root, limit] of VERSIONS) {
    const group = join(root, `daoflow-faults-${process.pid}`);
    try {
      mkdirSync(group);
      if (existsSync(join(group, limit))) {
        writeFileSync(join(group, limit), String(LIMIT_MB * 1024 * 1024));
        return group;
      }
      rmdirSync(group);
    } catch {
      if (existsSync(group)) rmdirSync(group);
    }
  }
  return undefined;
}

/** A group is busy until its last process is gone for good. */
async function removed(group) {
  for (const until = Date.now() + REMOVED_WITHIN_MS; existsSync(group) && Date.now() < until; await sleep(50)) {
    try {
      rmdirSync(group);
    } catch {
      // Not yet.
    }
  }
}
