/** The flow that is killed (windows.flow.mjs): its stream, its processes, and whether all is there in the end. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '../../scripts/lib/paths.mjs';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { writeEvents } from './events.mjs';

/** Events per second. */
export const RATE = 50_000;

/** @returns a stream of `count` events, and where the flow keeps what it makes of them */
export async function stream(folder, name, count) {
  const own = (what) => join(folder, `${name}-${what}`);
  const place = {
    count,
    events: own('events.ndjson'),
    out: own('out.ndjson'),
    data: own('data'),
    progress: own('progress'),
    said: '',
  };
  await writeEvents(place.events, count);
  return place;
}

/** @param more - environment of the flow @returns see startFlow */
export function start({ events, out, data, progress }, more = {}) {
  const env = { EVENTS: events, OUT: out, DATA: data, PROGRESS: progress, RATE: String(RATE), ...more };
  return startFlow('test/faults/windows.flow.mjs', { env: { ...env, BEGAN: String(Date.now()) } });
}

/** @returns whether all is there, once; what the checker said is in `place.said` */
export function check(place) {
  if (!existsSync(place.out)) return false;
  const { status, stdout } = spawnSync(process.execPath, [at('test/faults/checker.mjs'), place.out, `${place.count}`]);
  place.said = String(stdout).trim();
  return status === 0;
}
