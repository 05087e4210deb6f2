/** The row about a slow branch: it spills, is killed, and both branches have each event once, in order. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { writeEvents } from './events.mjs';
import { killAtRandom } from './lives.mjs';

const COUNT = 60_000;
const KILLS = 4;

export async function spillRows({ folder, row, random }) {
  const own = (name) => join(folder, `spill-${name}.ndjson`);
  const env = { EVENTS: own('events'), FAST: own('fast'), SLOW: own('slow'), DATA: own('data'), CALL_MS: '40' };
  await writeEvents(env.EVENTS, COUNT);
  const start = () => startFlow('test/faults/spill.flow.mjs', { env });
  const run = async () => {
    const killed = await killAtRandom(start, KILLS, random, [700, 2_000]);
    return { killed, code: (await start().ended).code };
  };
  const running = run();
  const ahead = await lead(env, running);
  const { killed, code } = await running;
  const [fast, slow] = [inOrder(env.FAST), inOrder(env.SLOW)];
  row(
    'a slow branch that spills, kill -9: both branches have each event once, in order, and the fast one did not wait',
    code === 0 && killed === KILLS && fast && slow && ahead > COUNT / 4,
    `${killed} kills, the fast branch up to ${ahead} events ahead`,
  );
}

/** Most that the fast branch was ahead of the slow one, in any life. */
async function lead({ FAST, SLOW }, ended) {
  let most = 0;
  const progress = { isOver: false };
  void ended.finally(() => (progress.isOver = true)).catch(() => undefined);
  while (!progress.isOver) {
    most = Math.max(most, lines(FAST) - lines(SLOW));
    await sleep(250);
  }
  return most;
}

function lines(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

function inOrder(path) {
  const numbers = readFileSync(path, 'utf8').trimEnd().split('\n');
  return numbers.length === COUNT && numbers.every((line, i) => JSON.parse(line).n === i);
}
