/**
 * Tuning on real I/O: a flow with no number given, against the best fixed settings, on PostgreSQL and over HTTP.
 *
 * Load, engine and target are processes of their own. A grid of fixed settings is measured first; its finalists are
 * measured again in every round, with a tuned run among them, so that whatever else the machine does meets both. Runs in
 * which others had more than a tenth of the cores are repeated. Then the target is disturbed: held up altogether, and slowed
 * down five times. Rows are counted after every run.
 *
 * PostgreSQL is started, or that of DATABASE_URL used. Options: USAGE in tuning-real/options.ts.
 */

import { startPostgres } from '../scripts/lib/postgres.mjs';
import { atLeast, atMost, bench, type BenchContext, type Target } from './harness/index.ts';
import { isMet } from './harness/target.ts';
import { httpStand } from './tuning-real/http-stand.ts';
import { Database } from './tuning-real/postgres-stand.ts';
import { readOptions, USAGE, type StandKey } from './tuning-real/options.ts';
import { measure, type Measured, type Plan } from './tuning-real/trial.ts';
import type { Stand } from './tuning-real/stand.ts';
import { writeRealResults, type WrittenStand } from './tuning-real/write.ts';

const options = readOptions(process.argv.slice(2));

const FULL: Plan = {
  batches: [1, 4, 16, 64, 256, 1024],
  calls: [1, 2, 4, 8, 16],
  gridMs: 1500,
  rounds: options.rounds ?? 5,
  finalists: 5,
  finalistMs: 2400,
  tunedMs: 14_000,
  course: { atMs: 7000, forMs: 2000, afterMs: 9000 },
  disturbances: ['hold', 'slow'],
  repeats: 3,
  tries: 3,
  p95Ms: options.p95Ms,
  isTalkative: options.isTalkative,
};

/** A smoke run: says whether everything works, not how well. */
const QUICK: Plan = {
  ...FULL,
  batches: [64, 1024],
  calls: [4, 8],
  gridMs: 900,
  rounds: options.rounds ?? 1,
  finalists: 1,
  finalistMs: 900,
  tunedMs: 5000,
  course: { atMs: 2500, forMs: 500, afterMs: 4000 },
  disturbances: ['hold'],
  repeats: 1,
  tries: 1,
};

const NAMES: Readonly<Record<StandKey, string>> = {
  http: 'HTTP, 8 slots of 10 ms',
  'insert-4': 'PostgreSQL INSERT, 4 connections',
  'insert-16': 'PostgreSQL INSERT, 16 connections',
  'copy-4': 'PostgreSQL COPY, 4 connections',
  'copy-16': 'PostgreSQL COPY, 16 connections',
};

type Context = BenchContext;

const stands: WrittenStand[] = [];

const targets = Object.fromEntries(options.stands.flatMap((key) => targetsOf(key)));

await bench('tuning-real', {
  usage: USAGE,
  targets,
  async run(b) {
    const plan = b.quick ? QUICK : FULL;
    if (options.stands.includes('http')) await onHttp(b, plan);
    if (options.stands.some((key) => key !== 'http')) await onPostgres(b, plan);
    const command = ['npm run bench:tuning:real --', ...process.argv.slice(2)].join(' ');
    if (options.write) writeRealResults({ stands, command, rounds: plan.rounds });
  },
});

function targetsOf(key: StandKey): [string, Target][] {
  const name = NAMES[key];
  const reconverged = { name, unit: 's', ...atMost(3) };
  const all: [string, Target][] = [
    [`${key}.ratio`, { name, metric: 'throughput over that of the best fixed', unit: 'x', ...atLeast(0.92) }],
    [`${key}.sure`, { name, metric: 'lower bound of that (95 %)', unit: 'x', ...atLeast(0.88) }],
    [`${key}.good`, { name, metric: 'windows with p95 in the target', unit: '%', ...atLeast(95) }],
    [`${key}.converged`, { name, metric: 'convergence', unit: 's', ...atMost(5) }],
    [`${key}.hold`, { ...reconverged, metric: 're-convergence after 2 s of standstill' }],
    [`${key}.slow`, { ...reconverged, metric: 're-convergence after a slowdown x5' }],
  ];
  return options.quick ? all.filter(([target]) => !target.endsWith('.slow')) : all;
}

async function onHttp(b: Context, plan: Plan): Promise<void> {
  const { stand, stop } = await httpStand();
  try {
    await onStand(b, 'http', stand, plan);
  } finally {
    await stop();
  }
}

async function onPostgres(b: Context, plan: Plan): Promise<void> {
  const server = await startPostgres();
  try {
    const database = new Database(server.url);
    await database.prepare();
    for (const mode of ['insert', 'copy'] as const) {
      for (const connections of [4, 16] as const) {
        const key: StandKey = `${mode}-${connections}`;
        if (options.stands.includes(key)) await onStand(b, key, database.stand({ mode, connections }), plan);
      }
    }
    await database.end();
  } finally {
    await server.stop();
  }
}

async function onStand(b: Context, key: StandKey, stand: Stand, plan: Plan): Promise<void> {
  const measured = await measure(stand, plan, (line) => b.say(line));
  record(b, key, measured);
  const { best, tuned, p95Ms, othersCpu, unfair } = measured;
  const name = NAMES[key];
  const meets: WrittenStand['meets'] = (target, value) => isMet(targets[`${key}.${target}`] as Target, value);
  stands.push({ name, measured, meets });
  b.note(name, 'p95 target', p95Ms, 'ms');
  b.note(name, `best fixed, ${best.fixed}`, best.perSecond, 'rows/s');
  b.note(name, `best fixed, ${best.fixed}: p95`, best.p95Ms, 'ms');
  b.note(name, `tuned, ending at ${measured.finally.join(', ')}`, tuned, 'rows/s');
  b.note(name, 'CPU that others used', othersCpu === null ? null : scaled(othersCpu, 100), '% of all cores');
  b.note(name, `runs that are unfair, of ${unfair[1]}`, unfair[0], '');
}

function record(b: Context, key: StandKey, { ratio, interval, goodRatio, convergedS, reconvergedS }: Measured): void {
  b.record(`${key}.ratio`, ratio);
  b.record(`${key}.sure`, interval.low);
  b.record(`${key}.good`, scaled(goodRatio, 100));
  b.record(`${key}.converged`, convergedS);
  for (const [kind, seconds] of Object.entries(reconvergedS)) b.record(`${key}.${kind}`, seconds);
}

function scaled(sample: Measured['ratio'], factor: number): Measured['ratio'] {
  const { median, low, high, values } = sample;
  return { median: median * factor, low: low * factor, high: high * factor, values: values.map((v) => v * factor) };
}
