/**
 * How soon a process that was killed is back at its rate. Beside it, in turns and so under the same load, one that has nothing to
 * go on from: it says what the full rate is here and now, and what a start costs by itself.
 */

import { readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RATE, start } from './windows.mjs';

const LIVES = 5;
const LIFE_MS = 4_000;
/** How much of the stream goes by meanwhile, at most. */
export const RETURN_S = (LIVES * LIFE_MS) / 1000;
const MOST_MS = 3_000;
/** Longest that a start by itself may take for the machine to be one on which this can be judged. */
const MOST_FRESH_MS = MOST_MS / 2;
/** In which a rate is measured. */
const SPAN_MS = 250;
const FULL = 0.9;

/** Kills the flow a few times more, each late enough to see how it began. */
export async function returnRow(place, kills, { folder, row, skip }) {
  const [own, freshOwn] = ['returns', 'fresh'].map((name) => join(folder, `${name}-progress`));
  const fresh = {
    ...place,
    out: join(folder, 'fresh-out.ndjson'),
    data: join(folder, 'fresh-data'),
    progress: freshOwn,
  };
  for (let i = 0; i < LIVES; i += 1) {
    rmSync(fresh.data, { recursive: true, force: true });
    await live(fresh);
    await live({ ...place, progress: own });
  }
  const steady = Math.min(RATE, median(livesIn(freshOwn).map(lateRate)));
  const [freshMs, tookMs] = [freshOwn, own].map((path) => livesIn(path).map((life) => returnOf(life, steady)));
  const name = `back at full rate less than ${MOST_MS / 1000} s after the start, killed ${kills} times before`;
  const figures = `${Math.round(steady / 1000)}K/s after ${said(tookMs)}; with nothing to go on from ${said(freshMs)}; load ${loadavg()[0].toFixed(0)}`;
  const isJudged = median(freshMs) < MOST_FRESH_MS || median(tookMs) < MOST_MS;
  if (isJudged) row(name, median(tookMs) < MOST_MS, figures);
  else skip(name, `the machine is too busy to tell: ${figures}`);
}

async function live(place) {
  const run = start(place);
  const ended = await Promise.race([run.ended, sleep(LIFE_MS)]);
  if (ended !== undefined) throw new Error(`a process that was to be killed had ended: ${ended.said}`);
  run.child.kill('SIGKILL');
  await run.ended;
}

/** Of each process, in their order: how many events had passed so long after its start. */
function livesIn(progress) {
  const lives = new Map();
  for (const line of readFileSync(progress, 'utf8').trim().split('\n')) {
    const [began, ms, count] = line.split(' ').map(Number);
    lives.set(began, [...(lives.get(began) ?? []), { ms: ms - began, count }]);
  }
  return [...lives.values()];
}

/** Events per second in the second half of its time. */
function lateRate(life) {
  const [middle, last] = [life[life.length >> 1], life.at(-1)];
  return (1000 * (last.count - middle.count)) / (last.ms - middle.ms);
}

/** @returns ms from the start to the end of the first span in which it was at the rate; Infinity where it never was */
function returnOf(life, rate) {
  const isFull = ({ ms, count }, i) => {
    const before = life.slice(0, i).findLast((each) => ms - each.ms >= SPAN_MS);
    return before !== undefined && count - before.count >= (FULL * rate * (ms - before.ms)) / 1000;
  };
  return life.find(isFull)?.ms ?? Infinity;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Infinity;
}

const said = (values) => `${median(values)} ms (${Math.min(...values)} to ${Math.max(...values)})`;
