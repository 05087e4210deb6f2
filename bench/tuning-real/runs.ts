/** Runs on a stand: one setting that stays, or a tuned one, perhaps disturbed. Rows are counted after each. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import type { Ended, Fixed, RunSpec } from './protocol.ts';
import { windowOf } from './recording.ts';
import type { Stand } from './stand.ts';

export interface Cell {
  readonly fixed: Fixed;
  readonly perSecond: number;
  readonly p95Ms: number;
}

/** Cut from each fixed run: connections open, code is compiled. */
const WARMUP_MS = 400;
/** For a fixed run tuning is off, and no target is looked at. */
const ANY_TARGET_MS = 1000;

/** @throws Error when a row was lost or stored twice */
export async function measureFixed(engine: Engine, stand: Stand, fixed: Fixed, ms: number): Promise<Cell> {
  const { recording } = await runOn(engine, stand, { p95Ms: ANY_TARGET_MS, fixed }, () => sleep(ms));
  return { fixed, ...windowOf(recording, WARMUP_MS, ms) };
}

/**
 * @param meanwhile - beside the run, from its start; the run ends with it
 * @throws Error when a row was lost or stored twice
 */
export async function runOn(
  engine: Engine,
  stand: Stand,
  run: Omit<RunSpec, 'sink'>,
  meanwhile: () => Promise<unknown>,
): Promise<Ended> {
  await stand.reset();
  await engine.begin({ ...run, sink: stand.sink });
  await meanwhile();
  const ended = await engine.end();
  const { rows, distinct } = await stand.count();
  const counts = [ended.accepted, ended.confirmed, rows, distinct];
  if (counts.some((count) => count !== ended.made)) {
    const how = run.fixed === undefined ? 'while it tuned itself' : `at ${fixedText(run.fixed)}`;
    throw new Error(`${stand.name}: rows were lost or stored twice ${how}: ${ended.made} made, ${counts.join(', ')}`);
  }
  return ended;
}

export function fixedText({ batch, concurrency }: Fixed): string {
  return `${batch} x ${concurrency}`;
}
