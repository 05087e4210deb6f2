/**
 * `npm run test:faults`: real processes that are killed, stopped, drained and overloaded, that are sent what is malformed, whose
 * clock jumps and whose handlers misbehave; checkers outside them decide from sequence numbers.
 *
 * Options: `--help` (USAGE below). A seed is printed; `--seed N` repeats its times, and `FUZZ_SEED=N` its payloads.
 */
import './setup.mjs';
import { descriptorRow } from '../test/faults/descriptors.mjs';
import { fullDiskRow } from '../test/faults/full-disk.mjs';
import { handlerRows } from '../test/faults/handlers.mjs';
import { httpRows } from '../test/faults/http.mjs';
import { awayRows } from '../test/faults/away.mjs';
import { clockRows, drainRows, killRows, stopRows } from '../test/faults/lives.mjs';
import { longRows } from '../test/faults/long.mjs';
import { memoryRow } from '../test/faults/memory.mjs';
import { overloadRows } from '../test/faults/overload.mjs';
import { payloadRows } from '../test/faults/payloads/rows.mjs';
import { postgresRows } from '../test/faults/postgres.mjs';
import { protocolRows } from '../test/faults/protocol.mjs';
import { slowSocketRows } from '../test/faults/slow-sockets.mjs';
import { spillRows } from '../test/faults/spill.mjs';
import { optionsOf } from './lib/options.mjs';
import { option, suite } from './lib/suite.mjs';

const USAGE = `npm run test:faults -- [options]
  --quick        fewer and smaller, some 6 min instead of 15
  --only TEXT    the groups whose name has it
  --kills N      under 50,000 events/s: 50; quick 8
  --events N     of the long stream: 10,000,000; quick 1,000,000
  --payloads N   10,000; quick 1,000
  --limit N      s after which a flow into PostgreSQL is cut off: 300
  --seed N       repeats the times of a run that printed it`;

const text = { type: 'string' };
const numbers = { kills: text, events: text, payloads: text, limit: text, seed: text };
const known = { ...numbers, quick: { type: 'boolean', default: false }, only: { ...text, default: '' } };
const { quick: isQuick, only } = optionsOf(USAGE, known);
const sizes = {
  isQuick,
  kills: option('kills', isQuick ? 8 : 50),
  longEvents: option('events', isQuick ? 1_000_000 : 10_000_000),
  limitMs: option('limit', 300) * 1000,
  payloads: option('payloads', isQuick ? 1_000 : 10_000),
};

let seed = option('seed', Date.now() % 1_000_000);
const fuzzSeed = Number(process.env.FUZZ_SEED ?? seed);
const random = () => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return seed / 2 ** 32;
};

const GROUPS = {
  kills: killRows,
  http: httpRows,
  payloads: payloadRows,
  protocol: protocolRows,
  slow: slowSocketRows,
  spill: spillRows,
  away: awayRows,
  stop: stopRows,
  drain: drainRows,
  clock: clockRows,
  overload: overloadRows,
  long: longRows,
  handlers: ({ folder, row }) => handlerRows(folder, row),
  disk: ({ folder, row, skip }) => fullDiskRow(folder, row, skip),
  descriptors: descriptorRow,
  memory: memoryRow,
  postgres: ({ folder, kills, ...tools }) => postgresRows(folder, { ...tools, kills: Math.ceil(kills / 2) }),
};

if (!Object.keys(GROUPS).some((name) => name.includes(only))) {
  console.error(`no group has ${JSON.stringify(only)} in its name: ${Object.keys(GROUPS).join(', ')}`);
  process.exit(2);
}
console.log(`seed ${seed}, FUZZ_SEED=${fuzzSeed}`);
await suite('faults', async (tools) => {
  for (const [name, rows] of Object.entries(GROUPS)) {
    if (!name.includes(only)) continue;
    try {
      await rows({ ...tools, ...sizes, random, fuzzSeed });
    } catch (error) {
      tools.row(name, false, error.stack);
    }
  }
});
