/** One run of the flow under test on a stand, from the start to the last confirmation. */

import { setTimeout as sleep } from 'node:timers/promises';
import { flow, fromBatches, type DecisionRecord, type StageSettings } from 'daoflow';
import { Meter } from './meter.ts';
import { Rows } from './row.ts';
import type { Stand } from './stand.ts';

/** What somebody would have set by hand. */
export interface Fixed {
  readonly batch: number;
  readonly concurrency: number;
}

export interface SessionOptions {
  readonly stand: Stand;
  readonly p95Ms: number;
  readonly ms: number;
  /** Undefined: it tunes itself, from nothing. */
  readonly fixed?: Fixed;
  /** Beside the run, once it has started; the run lasts at least until this is over. */
  readonly beside?: (meter: Meter) => Promise<void>;
}

export interface Session {
  readonly meter: Meter;
  readonly decisions: readonly (DecisionRecord & { readonly atMs: number })[];
  /** As they were when the source ended. */
  readonly settings: StageSettings;
  /** Everything made was stored once. */
  readonly isComplete: boolean;
}

/** Rows that the source hands over at once: few, so that a queue of one batch is one, and its p95 is not the source's. */
const CHUNK = 16;
const STAGE = 'target';

export async function session({ stand, p95Ms, ms, fixed, beside }: SessionOptions): Promise<Session> {
  await stand.reset();
  const rows = new Rows(Math.min(CHUNK, fixed?.batch ?? CHUNK));
  const meter = new Meter();
  const options = fixed === undefined ? {} : { ...fixed, queue: { events: fixed.batch } };
  // A mean below the p95 target is met whenever the p95 is: it alone is what counts.
  const run = flow('real', { targets: { latency: { avg: p95Ms, p95: p95Ms } } })
    .from(fromBatches(() => rows.chunks()))
    .to(meter.around(stand.sink()), { name: STAGE, ...options })
    .run({ tuning: fixed === undefined ? 'auto' : 'off' });
  const decisions: (DecisionRecord & { atMs: number })[] = [];
  run.on('decision', (decision) => decisions.push({ ...decision, atMs: meter.elapsedMs }));
  try {
    await Promise.race([Promise.all([sleep(ms), beside?.(meter)]), run.done]);
  } finally {
    rows.stop();
  }
  const settings = run.settings.get(STAGE);
  const summary = await run.done;
  const stored = await stand.count();
  const isComplete = [summary.accepted, summary.confirmed, stored.rows, stored.distinct].every((n) => n === rows.made);
  return { meter, decisions, settings, isComplete };
}
