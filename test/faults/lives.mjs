/** Rows of `npm run test:faults` about the life of a process: it is killed, stopped, drained, and its clock jumps. */

import { setTimeout as sleep } from 'node:timers/promises';
import { RETURN_S, returnRow } from './returns.mjs';
import { check, RATE, start, stream } from './windows.mjs';

/** From the start of a process to its death, ms: some die before they have read anything. */
const LIFE_MS = [200, 2_000];
const DRAIN_LIMIT_MS = 27_000;

/** Dies at random, again and again, then runs to its end. */
export async function killRows({ folder, row, skip, random, kills }) {
  const name = `kill -9, ${kills} times, under ${RATE.toLocaleString('en')} events/s`;
  // However long each life is, some are left after the last death.
  const place = await stream(folder, 'kills', ((kills * LIFE_MS[1]) / 1000 + RETURN_S) * RATE);
  const killed = await killAtRandom(() => start(place), kills, random);
  await returnRow(place, kills, { folder, row, skip });
  const { code } = await start(place).ended;
  row(name, code === 0 && check(place), `${killed} kills, ${place.said}`);
}

/** Stands still for longer than a deadline of the engine. */
export async function stopRows({ folder, row, isQuick }) {
  const place = await stream(folder, 'stop', (isQuick ? 8 : 20) * RATE);
  const run = start(place);
  await sleep(3_000);
  run.child.kill('SIGSTOP');
  await sleep(8_000);
  run.child.kill('SIGCONT');
  const { code } = await run.ended;
  row('SIGSTOP for 8 s, then SIGCONT', code === 0 && check(place), place.said);
}

/** Drains within its deadline, keeps its windows, and goes on where it was. */
export async function drainRows({ folder, row }) {
  const place = await stream(folder, 'drain', 12 * RATE);
  let slowest = 0;
  let codes = 0;
  for (let i = 0; i < 3; i += 1) {
    const run = start(place);
    await sleep(2_500);
    const began = Date.now();
    run.child.kill('SIGTERM');
    codes += (await run.ended).code ?? 1;
    slowest = Math.max(slowest, Date.now() - began);
  }
  codes += (await start(place).ended).code ?? 1;
  const isInTime = slowest < DRAIN_LIMIT_MS;
  const isRight = codes === 0 && isInTime && check(place);
  row('SIGTERM, 3 times: drains, and goes on', isRight, `slowest ${slowest} ms, ${place.said}`);
}

/** The wall clock of the process goes an hour on, two back, and stands still; then the process is killed and another goes on. */
export async function clockRows({ folder, row }) {
  const place = await stream(folder, 'clock', 8 * RATE);
  const run = start(place, { CLOCK: '1000:3600000,2000:-3600000,3000:stop' });
  await sleep(5_000);
  run.child.kill('SIGKILL');
  await run.ended;
  const { code } = await start(place, { CLOCK: '500:-3600000' }).ended;
  row('the clock jumps +1 h, -1 h and stands still, and a kill -9', code === 0 && check(place), place.said);
}

/** @returns how often it died before it had ended */
export async function killAtRandom(begin, kills, random, [least, most] = LIFE_MS) {
  for (let done = 0; done < kills; done += 1) {
    const run = begin();
    const lifeMs = least + random() * (most - least);
    const died = await Promise.race([run.ended.then(() => false), sleep(lifeMs).then(() => true)]);
    run.child.kill('SIGKILL');
    await run.ended;
    if (!died) return done;
  }
  return kills;
}
