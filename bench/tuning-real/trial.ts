/** The trials of one stand: the grid, then tuned runs interleaved with the best of it, then disturbances. */

import { setTimeout as sleep } from 'node:timers/promises';
import { sampleOf, type Sample } from '../harness/index.ts';
import { feasibleTarget, fixedText, measureFixed, measureGrid, ranked, type Cell } from './grid.ts';
import { steadyAfterS, verdictOf, type Verdict } from './judge.ts';
import type { Meter } from './meter.ts';
import { othersCpu } from './others.ts';
import { session, type Fixed, type Session } from './session.ts';
import type { Stand } from './stand.ts';

/** Others may use so much of all cores, 0..1, for a measurement to be of the target and not of them. */
const QUIET = 0.1;

export interface Plan {
  readonly batches: readonly number[];
  readonly calls: readonly number[];
  readonly gridMs: number;
  readonly rounds: number;
  /** Settings of the grid that are measured again in each round. */
  readonly finalists: number;
  readonly finalistMs: number;
  readonly tunedMs: number;
  /** When a disturbance begins, how long it lasts, how long it is watched afterwards. */
  readonly disturbance: { readonly atMs: number; readonly forMs: number; readonly afterMs: number };
  /** Of these: `hold`, `slow`. */
  readonly disturbances: readonly Disturbance[];
  /** Undefined: the least of a ladder that the grid shows to be feasible. */
  readonly p95Ms: number | undefined;
  /** Says the decisions of each tuned run. */
  readonly isTalkative: boolean;
}

export type Disturbance = 'hold' | 'slow';

/** Before anything is measured: code is compiled, pages are in memory. */
const WARMUP: Fixed = { batch: 64, concurrency: 4 };
const WARMUP_MS = 1000;

export interface Measured {
  readonly p95Ms: number;
  readonly best: { readonly fixed: string; readonly perSecond: Sample; readonly p95Ms: Sample };
  readonly ratio: Sample;
  readonly goodRatio: Sample;
  readonly convergedS: Sample;
  readonly tuned: Sample;
  readonly finally: readonly string[];
  /** Seconds after its end; absent where it was not tried. */
  readonly reconvergedS: Readonly<Partial<Record<Disturbance, number>>>;
  readonly othersCpu: Sample;
}

type Say = (line: string) => void;

export async function measure(stand: Stand, plan: Plan, say: Say): Promise<Measured> {
  say(stand.name);
  const others = [await othersCpu()];
  await measureFixed(stand, WARMUP, WARMUP_MS);
  const cells = await measureGrid({ stand, batches: plan.batches, calls: plan.calls, ms: plan.gridMs, say });
  const p95Ms = plan.p95Ms ?? feasibleTarget(cells);
  const finalists = ranked(cells, p95Ms).slice(0, plan.finalists);
  if (finalists.length === 0) throw new Error(`${stand.name}: no fixed setting keeps p95 within ${p95Ms} ms`);
  say(`  p95 target ${p95Ms} ms; finalists ${finalists.map(({ fixed }) => fixedText(fixed)).join(', ')}`);

  const again = finalists.map((): Cell[] => []);
  const runs: Session[] = [];
  const tune = async (): Promise<void> => {
    runs.push(await tuned(stand, { plan, p95Ms, ms: plan.tunedMs, say }));
  };
  const refine = async (): Promise<void> => {
    for (const [i, { fixed }] of finalists.entries()) again[i]?.push(await measureFixed(stand, fixed, plan.finalistMs));
  };
  for (let round = 0; round < plan.rounds; round += 1) {
    others.push(await othersCpu());
    for (const step of round % 2 === 0 ? [tune, refine] : [refine, tune]) await step();
  }

  const othersSample = sampleOf(others);
  if (othersSample.median > QUIET)
    say(`  others used ${Math.round(othersSample.median * 100)} % of all cores: not a fair measurement`);
  const best = bestOf(again, p95Ms);
  const verdicts = runs.map((run) => verdictOf(run, plan.tunedMs, p95Ms, best.perSecond.median));
  for (const verdict of verdicts) say(`  tuned: ${verdictText(verdict)}`);
  const reconvergedS: Partial<Record<Disturbance, number>> = {};
  for (const kind of plan.disturbances) reconvergedS[kind] = await disturbed(stand, { plan, p95Ms, kind, say });
  const sample = (read: (verdict: Verdict) => number): Sample => sampleOf(verdicts.map(read));
  return {
    p95Ms,
    best,
    ratio: sample(({ perSecond }) => perSecond / best.perSecond.median),
    goodRatio: sample(({ goodRatio }) => goodRatio),
    convergedS: sample(({ convergedS }) => convergedS),
    tuned: sample(({ perSecond }) => perSecond),
    finally: verdicts.map((verdict) => verdict.finally),
    reconvergedS,
    othersCpu: othersSample,
  };
}

interface TunedOptions {
  readonly plan: Plan;
  readonly p95Ms: number;
  readonly ms: number;
  readonly beside?: (meter: Meter) => Promise<void>;
  readonly say: Say;
}

async function tuned(stand: Stand, { plan, p95Ms, ms, beside, say }: TunedOptions): Promise<Session> {
  const run = await session({ stand, p95Ms, ms, ...(beside === undefined ? {} : { beside }) });
  if (!run.isComplete) throw new Error(`${stand.name}: rows were lost or stored twice while it tuned itself`);
  if (plan.isTalkative) {
    for (const { atMs, sentence } of run.decisions) say(`    ${(atMs / 1000).toFixed(1)} s ${sentence}`);
    const windows = run.meter.seconds(0, ms).map(({ perSecond, p95Ms }) => `${kilo(perSecond)} ${p95Ms.toFixed(0)} ms`);
    say(`    by second: ${windows.join(' | ')}`);
  }
  return run;
}

/** By the medians of the rounds: within the target if any is, then by throughput. */
function bestOf(again: readonly (readonly Cell[])[], p95Ms: number): Measured['best'] {
  const all = again.map((cells) => ({
    fixed: fixedText((cells[0] as Cell).fixed),
    perSecond: sampleOf(cells.map((cell) => cell.perSecond)),
    p95Ms: sampleOf(cells.map((cell) => cell.p95Ms)),
  }));
  const within = all.filter((each) => each.p95Ms.median <= p95Ms);
  const ordered = (within.length > 0 ? within : all).sort((a, b) => b.perSecond.median - a.perSecond.median);
  return ordered[0] as Measured['best'];
}

interface DisturbedOptions {
  readonly plan: Plan;
  readonly p95Ms: number;
  readonly kind: Disturbance;
  readonly say: Say;
}

/** @returns seconds from its end until it is again what it was before */
async function disturbed(stand: Stand, { plan, p95Ms, kind, say }: DisturbedOptions): Promise<number> {
  const { atMs, forMs, afterMs } = plan.disturbance;
  const settled = Math.min(2000, atMs / 2);
  let endedMs = 0;
  const beside = async (meter: Meter): Promise<void> => {
    await sleep(atMs);
    if (kind === 'hold') await stand.hold(forMs);
    else await stand.slow(forMs, meter.callMs(atMs - settled, atMs));
    endedMs = meter.elapsedMs;
    await sleep(afterMs);
  };
  const { meter } = await tuned(stand, { plan, p95Ms, ms: atMs + forMs + afterMs, beside, say });
  const before = meter.window(atMs - settled, atMs);
  const stretch = { fromMs: endedMs, toMs: endedMs + afterMs, p95Ms, perSecond: before.perSecond };
  const seconds = steadyAfterS(meter, stretch);
  say(`  ${kind}: ${kilo(before.perSecond)} before, again after ${seconds} s`);
  return seconds;
}

function verdictText({ perSecond, goodRatio, convergedS, finally: settings }: Verdict): string {
  return `${kilo(perSecond)}, ${(goodRatio * 100).toFixed(0)} % of windows good, converged in ${convergedS} s, at ${settings}`;
}

function kilo(perSecond: number): string {
  return `${(perSecond / 1000).toFixed(1)}K/s`;
}
