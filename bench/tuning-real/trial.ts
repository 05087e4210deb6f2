/** The trials of one stand: the grid, then rounds of tuned runs among the best of it, then disturbances. */

import { setTimeout as sleep } from 'node:timers/promises';
import { sampleOf, type Sample } from '../harness/index.ts';
import { disturbed, type Course, type Disturbance } from './disturbed.ts';
import { Engine } from './engine.ts';
import { feasibleTarget, finalistsOf, measureGrid } from './grid.ts';
import { ratioInterval, type Interval } from './interval.ts';
import { throughputOf, verdictOf, type Verdict } from './judge.ts';
import type { Ended, Fixed } from './protocol.ts';
import { quietly } from './quietly.ts';
import { secondsOf } from './recording.ts';
import { fixedText, measureFixed, runOn, type Cell } from './runs.ts';
import type { Stand } from './stand.ts';

export interface Plan {
  readonly batches: readonly number[];
  readonly calls: readonly number[];
  readonly gridMs: number;
  readonly rounds: number;
  /** Settings of the grid that are measured again in each round. */
  readonly finalists: number;
  readonly finalistMs: number;
  readonly tunedMs: number;
  readonly course: Course;
  readonly disturbances: readonly Disturbance[];
  /** Of each disturbance. */
  readonly repeats: number;
  /** Undefined: the least of a ladder that the grid shows to be feasible. */
  readonly p95Ms: number | undefined;
  /** Says the decisions of each tuned run. */
  readonly isTalkative: boolean;
  /** Runs at most until others leave one alone. */
  readonly tries: number;
}

export interface Measured {
  readonly p95Ms: number;
  readonly best: { readonly fixed: string; readonly perSecond: Sample; readonly p95Ms: Sample };
  readonly ratio: Sample;
  readonly interval: Interval;
  readonly goodRatio: Sample;
  readonly convergedS: Sample;
  readonly tuned: Sample;
  readonly finally: readonly string[];
  /** Seconds after its end; absent where it was not tried. */
  readonly reconvergedS: Readonly<Partial<Record<Disturbance, Sample>>>;
  /** Of the runs that count, one each; null where it cannot be measured. */
  readonly othersCpu: Sample | null;
  /** Runs that count although others had too much of the cores, of all that count. */
  readonly unfair: readonly [number, number];
}

type Say = (line: string) => void;

/** Before anything is measured: code is compiled, pages are in memory. */
const WARMUP: Fixed = { batch: 64, concurrency: 4 };
const WARMUP_MS = 1000;

export async function measure(stand: Stand, plan: Plan, say: Say): Promise<Measured> {
  const engine = new Engine();
  try {
    return await new Trials(engine, stand, plan, say).measure();
  } finally {
    await engine.stop();
  }
}

class Trials {
  readonly #engine: Engine;
  readonly #stand: Stand;
  readonly #plan: Plan;
  readonly #say: Say;
  /** Of the runs that count. */
  readonly #others: (number | null)[] = [];
  #unfair = 0;

  constructor(engine: Engine, stand: Stand, plan: Plan, say: Say) {
    this.#engine = engine;
    this.#stand = stand;
    this.#plan = plan;
    this.#say = say;
  }

  async measure(): Promise<Measured> {
    const [engine, stand, plan, say] = [this.#engine, this.#stand, this.#plan, this.#say];
    say(stand.name);
    await measureFixed(engine, stand, WARMUP, WARMUP_MS);
    const cells = await measureGrid({ engine, stand, ...plan, ms: plan.gridMs, say });
    const p95Ms = plan.p95Ms ?? feasibleTarget(cells);
    const finalists = finalistsOf(cells, p95Ms, plan.finalists).map(({ fixed }) => fixed);
    if (finalists.length === 0) throw new Error(`${stand.name}: no fixed setting keeps p95 within ${p95Ms} ms`);
    say(`  p95 target ${p95Ms} ms; finalists ${finalists.map(fixedText).join(', ')}`);

    const rounds: Round[] = [];
    for (let i = 0; i < plan.rounds; i += 1) rounds.push(await this.#round(finalists, p95Ms, i));
    const best = bestOf(finalists, rounds, p95Ms);
    const verdicts = rounds.map(({ tuned }) => verdictOf(tuned, plan.tunedMs, p95Ms, best.perSecond.median));
    for (const verdict of verdicts) say(`  tuned: ${verdictText(verdict)}`);
    const reconvergedS: Partial<Record<Disturbance, Sample>> = {};
    for (const kind of plan.disturbances) reconvergedS[kind] = await this.#disturb(kind, p95Ms);
    return this.#measured(p95Ms, best, rounds, verdicts, reconvergedS);
  }

  /** The tuned run has another place among the others in each round. */
  async #round(finalists: readonly Fixed[], p95Ms: number, index: number): Promise<Round> {
    const { finalistMs, tunedMs } = this.#plan;
    const cells: Cell[] = [];
    let tuned: Ended | undefined;
    const place = (2 * index) % (finalists.length + 1);
    for (const [i, fixed] of [...finalists, undefined].entries()) {
      if (i === place) tuned = await this.#tuned(p95Ms, tunedMs);
      if (fixed === undefined) continue;
      const run = () => measureFixed(this.#engine, this.#stand, fixed, finalistMs);
      cells.push(await this.#counted(fixedText(fixed), run));
    }
    return { cells, tuned: tuned as Ended };
  }

  async #tuned(p95Ms: number, ms: number): Promise<Ended> {
    const run = () => runOn(this.#engine, this.#stand, { p95Ms }, () => sleep(ms));
    const ended = await this.#counted('tuned', run);
    this.#tell(ended, ms);
    return ended;
  }

  async #disturb(kind: Disturbance, p95Ms: number): Promise<Sample> {
    const { course, repeats } = this.#plan;
    const seconds: number[] = [];
    for (let i = 0; i < repeats; i += 1) {
      const run = () => disturbed(this.#engine, this.#stand, kind, p95Ms, course);
      const { ended, before, reconvergedS } = await this.#counted(kind, run);
      this.#tell(ended, course.atMs + course.forMs + course.afterMs);
      this.#say(`  ${kind}: ${kilo(before)} before, again after ${reconvergedS} s`);
      seconds.push(reconvergedS);
    }
    return sampleOf(seconds);
  }

  async #counted<T>(what: string, run: () => Promise<T>): Promise<T> {
    const { value, othersCpu, isQuiet } = await quietly(run, { what, tries: this.#plan.tries, say: this.#say });
    this.#others.push(othersCpu);
    if (!isQuiet) this.#unfair += 1;
    return value;
  }

  #tell({ recording, decisions }: Ended, ms: number): void {
    if (!this.#plan.isTalkative) return;
    for (const { atMs, sentence } of decisions) this.#say(`    ${(atMs / 1000).toFixed(1)} s ${sentence}`);
    const windows = secondsOf(recording, 0, ms).map(
      ({ perSecond, p95Ms }) => `${kilo(perSecond)} ${p95Ms.toFixed(0)} ms`,
    );
    this.#say(`    by second: ${windows.join(' | ')}`);
  }

  #measured(
    p95Ms: number,
    best: Best,
    rounds: readonly Round[],
    verdicts: readonly Verdict[],
    reconvergedS: Measured['reconvergedS'],
  ): Measured {
    const ours = rounds.map(({ tuned }) => throughputOf(tuned.recording, this.#plan.tunedMs));
    const sample = (read: (verdict: Verdict) => number): Sample => sampleOf(verdicts.map(read));
    const known = this.#others.filter((share) => share !== null);
    return {
      p95Ms,
      best,
      ratio: sample(({ perSecond }) => perSecond / best.perSecond.median),
      interval: ratioInterval(ours.map((perSecond, i) => [perSecond, best.perSecond.values[i] as number])),
      goodRatio: sample(({ goodRatio }) => goodRatio),
      convergedS: sample(({ convergedS }) => convergedS),
      tuned: sampleOf(ours),
      finally: verdicts.map((verdict) => verdict.finally),
      reconvergedS,
      othersCpu: known.length === 0 ? null : sampleOf(known),
      unfair: [this.#unfair, this.#others.length],
    };
  }
}

interface Round {
  /** Of each finalist, in their order. */
  readonly cells: readonly Cell[];
  readonly tuned: Ended;
}

type Best = Measured['best'];

/** By the medians of the rounds: within the target if any is, then by throughput. */
function bestOf(finalists: readonly Fixed[], rounds: readonly Round[], p95Ms: number): Best {
  const all = finalists.map((fixed, i) => {
    const cells = rounds.map(({ cells: each }) => each[i] as Cell);
    return {
      fixed: fixedText(fixed),
      perSecond: sampleOf(cells.map((cell) => cell.perSecond)),
      p95Ms: sampleOf(cells.map((cell) => cell.p95Ms)),
    };
  });
  const within = all.filter((each) => each.p95Ms.median <= p95Ms);
  const ordered = (within.length > 0 ? within : all).sort((a, b) => b.perSecond.median - a.perSecond.median);
  return ordered[0] as Best;
}

function verdictText({ perSecond, goodRatio, convergedS, finally: settings }: Verdict): string {
  return `${kilo(perSecond)}, ${(goodRatio * 100).toFixed(0)} % of windows good, converged in ${convergedS} s, at ${settings}`;
}

function kilo(perSecond: number): string {
  return `${(perSecond / 1000).toFixed(1)}K/s`;
}
