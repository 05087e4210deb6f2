/** The row about a long stream: killed again and again, it must end with the bytes of an unbroken run. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { at } from '../../scripts/lib/paths.mjs';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { writeEvents } from './events.mjs';
import { killAtRandom } from './lives.mjs';

/** How long a life is, as shares of an unbroken run: the shortest, and the longest times the number of lives. */
const SHORTEST = 0.05;
const LONGEST = 2.5;
const FLOW = 'test/faults/long.flow.mjs';

export async function longRows({ folder, row, random, longEvents, isQuick }) {
  const kills = isQuick ? 3 : 10;
  const events = join(folder, 'long-events.ndjson');
  await writeEvents(events, longEvents);
  const place = (name) => ({
    EVENTS: events,
    OUT: join(folder, `long-${name}.ndjson`),
    MATCHES: join(folder, `long-${name}-matches.ndjson`),
  });
  const whole = place('whole');
  const began = Date.now();
  const unbroken = await startFlow(FLOW, { env: whole }).ended;
  const wholeMs = Date.now() - began;

  const broken = { ...place('broken'), DATA: join(folder, 'long-data') };
  const start = () => startFlow(FLOW, { env: broken });
  const killed = await killAtRandom(start, kills, random, [SHORTEST * wholeMs, (LONGEST * wholeMs) / kills]);
  const lastBegan = Date.now();
  const { code } = await start().ended;
  const lastMs = Date.now() - lastBegan;

  const checker = spawnSync(process.execPath, [at('test/faults/checker.mjs'), broken.OUT, `${longEvents}`]);
  const areSame =
    (await digest(whole.OUT)) === (await digest(broken.OUT)) &&
    (await digest(whole.MATCHES)) === (await digest(broken.MATCHES)) &&
    statSync(broken.MATCHES).size > 0;
  row(
    `${longEvents.toLocaleString('en')} events by windows and a pattern, killed at random: the bytes of an unbroken run`,
    unbroken.code === 0 && code === 0 && killed > 0 && areSame && checker.status === 0,
    `${killed} kills; unbroken ${wholeMs} ms, last life ${lastMs} ms; ${String(checker.stdout).trim()}`,
  );
}

async function digest(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
