/** The row about overload: memory stays below its limit, nothing that was taken is lost, and targets are soon met again for good. */

import { spawnSync } from 'node:child_process';
import { at } from '../../scripts/lib/paths.mjs';

const MEMORY_MB = 400;
const BACK_S = 10;
const TARGET = { avg: 10, p95: 30 };
/** Of what is looked at once it is back: in time, and taken of what is offered. */
const IN_TIME = 0.9;
const TAKEN = 0.95;

export function overloadRows({ row, isQuick }) {
  const seconds = isQuick ? 10 : 60;
  const child = spawnSync(process.execPath, [at('test/faults/overload-child.mjs'), `${seconds}`], {
    encoding: 'utf8',
    cwd: at('.'),
    timeout: (seconds + 60) * 1000,
    maxBuffer: 2 ** 26,
  });
  const samples = child.stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const end = samples.find(({ isEnd }) => isEnd);
  const live = samples.filter(({ isEnd }) => !isEnd);
  const peakMb = Math.round(Math.max(...live.map(({ rssMb }) => rssMb)));
  const back = live.findIndex((sample, i) => sample.atS > seconds && isInTime(sample) && isBackIn(live.slice(i)));
  const backS = live[back]?.atS;
  const isBack = backS !== undefined && backS - seconds < BACK_S;
  const isWhole = end !== undefined && end.given === end.taken && end.given === end.confirmed && end.disorder === 0;
  if (end === undefined) console.error(child.stderr);
  row(
    `10 times what the sink can take, for ${seconds} s: memory below ${MEMORY_MB} MB, all that was taken is confirmed, targets met again within ${BACK_S} s`,
    isWhole && peakMb < MEMORY_MB && isBack,
    `peak ${peakMb} MB, ${end?.offered} offered, ${end?.given} taken, ${end?.taken} written, back after ${((backS ?? Infinity) - seconds).toFixed(1)} s`,
  );
}

/** From here on, to the end. */
function isBackIn(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  const isTaken = last.given - first.given >= TAKEN * (last.offered - first.offered);
  return isTaken && samples.filter(isInTime).length >= IN_TIME * samples.length;
}

/** Where nothing was done there is no latency, and nothing in time. */
function isInTime({ p95, avg }) {
  return p95 !== null && p95 < TARGET.p95 && avg < TARGET.avg;
}
