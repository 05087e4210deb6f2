/**
 * The oracle: the best settings that never change, found by search. What tuning is compared with.
 *
 * A coarse grid over batch limit and concurrency (and linger for open arrivals, pacing for a plant that
 * refuses), rows cut once they are hopeless, then from the best few points outward in ever smaller steps,
 * to 1.03. Short runs where the plant does not change with time; the winners are run in full, with several seeds.
 */

import { within } from '../../control/goal.ts';
import { characterOf, type Character } from './character.ts';
import { runFixed, type FixedPoint } from './fixed-run.ts';
import type { Measures, Stretch } from './measure.ts';
import { boundsOf, DEFAULT_DURATION_MS, phasesOf, type Plant } from './plant.ts';
import { ShortRuns } from './short-runs.ts';

export interface BestFixed {
  /** Saturating: most events within the target. Open arrivals: most events in time, then the lowest p95. */
  readonly best: FixedPoint;
  /** The least work per event with at least .99 of the best goodput. Saturating: `best`. */
  readonly cheapest: FixedPoint;
  /** False: no settings keep the target. `limitMs` is then 1.1 of the lowest p95 found, else the target. */
  readonly isFeasible: boolean;
  readonly limitMs: number;
  /** The same call costs the same at any time. */
  readonly isStationary: boolean;
  /** Runs that it took. */
  readonly runs: number;
}

export async function bestFixed(plant: Plant, phase: Stretch = wholeRun(plant)): Promise<BestFixed> {
  const search = new Search(plant, phase);
  await search.coarse();
  await search.refine();
  return search.decide();
}

function wholeRun(plant: Plant): Stretch {
  return phasesOf(plant)[0] ?? [0, DEFAULT_DURATION_MS];
}

interface Trial {
  readonly point: FixedPoint;
  readonly measures: Measures;
}

const CONCURRENCIES = [1, 2, 3, 5, 8, 12, 20, 32, 52, 85, 140, 230, 380, 512];
const BATCHES = [1, 2, 4, 9, 20, 45, 100, 220, 480, 1050, 2300, 5000, 10_000, 20_000];
const LINGERS_MS = [0, 5];
/** Room above and below a limit of calls per second, as factors of the gap. */
const GAPS = [0.98, 1, 1.02];
const STEPS = [1.6, 1.25, 1.1, 1.03];
const STARTS = 3;
/** Of refining. */
const MAX_RUNS = 150;
/** Seeds with which the winners are run in full. */
const FINAL_SEEDS = [1, 2, 3];
const FINALISTS = 4;

class Search {
  readonly #plant: Plant;
  readonly #phase: Stretch;
  readonly #character: Character;
  readonly #isOpen: boolean;
  readonly #trials = new Map<string, Trial>();
  readonly #short: ShortRuns;
  #limitMs: number;
  #runs = 0;
  #maxRuns = Infinity;

  constructor(plant: Plant, phase: Stretch) {
    this.#plant = plant;
    this.#phase = phase;
    this.#character = characterOf(plant, phase);
    this.#isOpen = plant.arrivals !== 'saturating';
    this.#limitMs = plant.targetMs;
    this.#short = new ShortRuns(plant, phase, this.#character);
  }

  async coarse(): Promise<void> {
    for (const lingerMs of this.#isOpen ? LINGERS_MS : [0]) await this.#rows(lingerMs, 0);
    if (!this.#character.isRateLimited) return;
    const callsPerMs = this.#acceptedCallsPerMs();
    if (callsPerMs === 0) return;
    for (const gap of GAPS) await this.#rows(0, gap / callsPerMs);
  }

  /**
   * One row per concurrency; the batch grows along it until latency leaves no hope (bulks, and callers who wait, are late with small
   * batches too). Ends after two rows without gain.
   */
  async #rows(lingerMs: number, minGapMs: number): Promise<void> {
    const { bulk, callers } = this.#plant;
    const growsWithBatch = !this.#character.mayRefuse && !this.#isOpen && (bulk ?? callers) === undefined;
    let best: Trial[] = [];
    let poorRows = 0;
    for (const concurrency of this.#within('concurrency', CONCURRENCIES)) {
      const row: Trial[] = [];
      for (const batchLimit of this.#within('batchLimit', BATCHES)) {
        const trial = await this.#try({ batchLimit, concurrency, lingerMs, minGapMs });
        row.push(trial);
        if (growsWithBatch && trial.measures.p95Ms > 1.5 * this.#limitMs) break;
      }
      poorRows = this.#isPoor(row, best) ? poorRows + 1 : 0;
      if (poorRows === 2) return;
      best = [...best, ...row];
    }
  }

  /** Saturating: far below the best so far. Open arrivals: not better in anything. */
  #isPoor(row: readonly Trial[], best: readonly Trial[]): boolean {
    if (best.length === 0) return false;
    if (!this.#isOpen) return mostEvents(row, this.#limitMs) < 0.6 * mostEvents(best, this.#limitMs);
    const low = (trials: readonly Trial[], figure: (measures: Measures) => number): number =>
      Math.min(...trials.map(({ measures }) => figure(measures)));
    const figures: ((measures: Measures) => number)[] = [
      ({ goodput }) => 1.01 - goodput,
      ({ p95Ms }) => p95Ms,
      ({ workPerEvent }) => workPerEvent,
    ];
    return figures.every((figure) => low(row, figure) > 0.98 * low(best, figure));
  }

  async refine(): Promise<void> {
    this.#acceptInfeasible();
    this.#maxRuns = this.#runs + MAX_RUNS;
    for (const start of this.#starts()) {
      let at = start;
      for (const step of STEPS) at = await this.#climb(at, step);
    }
  }

  /** To the best neighbour while there is a better one. */
  async #climb(from: Trial, step: number): Promise<Trial> {
    let at = from;
    for (;;) {
      let next = at;
      for (const point of this.#neighbours(at.point, step)) {
        if (this.#runs >= this.#maxRuns && !this.#trials.has(keyOf(point))) continue;
        const trial = await this.#try(point);
        if (this.#isBetter(trial, next)) next = trial;
      }
      if (next === at) return at;
      at = next;
    }
  }

  async decide(): Promise<BestFixed> {
    const ranked = [...this.#trials.values()].sort((one, other) => (this.#isBetter(one, other) ? -1 : 1));
    const best = this.#isOpen ? (ranked[0] as Trial).point : await this.#finalist(ranked);
    return {
      best,
      cheapest: this.#isOpen ? this.#cheapest(ranked) : best,
      isFeasible: this.#limitMs === this.#plant.targetMs,
      limitMs: this.#limitMs,
      isStationary: this.#character.isStationary,
      runs: this.#runs,
    };
  }

  /** The best of the best in full runs: a short run that was lucky does not win. */
  async #finalist(ranked: readonly Trial[]): Promise<FixedPoint> {
    let found: { point: FixedPoint; throughput: number } | undefined;
    let lowest: { point: FixedPoint; p95Ms: number } | undefined;
    let count = 0;
    for (const { point, measures } of ranked) {
      if (found !== undefined && (count >= FINALISTS || measures.throughput < 0.99 * found.throughput)) break;
      if (count >= 8 * FINALISTS) break;
      count += 1;
      const { throughput, p95Ms } = await this.#inFull(point);
      if (lowest === undefined || p95Ms < lowest.p95Ms) lowest = { point, p95Ms };
      if (p95Ms <= this.#limitMs && throughput > (found?.throughput ?? 0)) found = { point, throughput };
    }
    return (found ?? lowest ?? (ranked[0] as Trial)).point;
  }

  async #inFull(point: FixedPoint): Promise<{ throughput: number; p95Ms: number }> {
    let [throughput, p95Ms] = [0, 0];
    for (const seed of FINAL_SEEDS) {
      const run = await runFixed(this.#plant, this.#phase, point, seed);
      this.#runs += 1;
      throughput += run.throughput / FINAL_SEEDS.length;
      p95Ms += run.p95Ms / FINAL_SEEDS.length;
    }
    return { throughput, p95Ms };
  }

  #cheapest(ranked: readonly Trial[]): FixedPoint {
    const enough = 0.99 * (ranked[0] as Trial).measures.goodput;
    const good = ranked.filter(({ measures }) => measures.goodput >= enough);
    return good.reduce((one, other) => (other.measures.workPerEvent < one.measures.workPerEvent ? other : one)).point;
  }

  async #try(point: FixedPoint): Promise<Trial> {
    const known = this.#trials.get(keyOf(point));
    if (known !== undefined) return known;
    const trial = { point, measures: await this.#short.run(point) };
    this.#trials.set(keyOf(point), trial);
    this.#runs += 1;
    return trial;
  }

  #allows({ p95Ms }: Measures): boolean {
    return p95Ms <= this.#limitMs;
  }

  #isBetter({ measures: one }: Trial, { measures: other }: Trial): boolean {
    if (this.#isOpen) {
      // Where hardly any event is in time, latency is all there is to compare.
      const [mine, theirs] = [one.goodput, other.goodput].map((share) => (share < 0.5 ? 0 : Math.round(share * 500)));
      return mine === theirs ? one.p95Ms < other.p95Ms : (mine ?? 0) > (theirs ?? 0);
    }
    const [mine, theirs] = [this.#allows(one), this.#allows(other)];
    if (mine !== theirs) return mine;
    return mine ? one.throughput > other.throughput : one.p95Ms < other.p95Ms;
  }

  /** No settings keep the target: what is nearly the lowest latency then counts as kept. */
  #acceptInfeasible(): void {
    const p95s = [...this.#trials.values()].map(({ measures }) => measures.p95Ms);
    const lowest = Math.min(...p95s);
    if (lowest > this.#limitMs && lowest < Infinity) this.#limitMs = 1.1 * lowest;
  }

  /** The best few that are not neighbours; for open arrivals the cheapest too. */
  #starts(): Trial[] {
    const ranked = [...this.#trials.values()].sort((one, other) => (this.#isBetter(one, other) ? -1 : 1));
    const starts: Trial[] = [];
    for (const trial of ranked) {
      if (starts.length === STARTS) break;
      if (starts.every(({ point }) => areApart(point, trial.point))) starts.push(trial);
    }
    if (!this.#isOpen) return starts;
    const cheapest = this.#cheapest(ranked);
    return [...starts.slice(0, 1), ...ranked.filter(({ point }) => point === cheapest)];
  }

  #neighbours(point: FixedPoint, step: number): FixedPoint[] {
    const batches = around(point.batchLimit, step);
    const concurrencies = around(point.concurrency, step);
    const allowedBatches = this.#within('batchLimit', batches);
    const allowedConcurrencies = this.#within('concurrency', concurrencies);
    return allowedBatches.flatMap((batchLimit) =>
      allowedConcurrencies.map((concurrency) => ({ ...point, batchLimit, concurrency })),
    );
  }

  #within(knob: 'batchLimit' | 'concurrency', values: readonly number[]): number[] {
    const bound = boundsOf(this.#plant)[knob];
    return [...new Set(values.map((value) => within(bound, value)))];
  }

  /** The most calls that the plant took while it refused others. */
  #acceptedCallsPerMs(): number {
    const rates = [...this.#trials.values()]
      .filter(({ measures }) => measures.refusedRatio > 0.02 && measures.events > 0)
      .map(({ point, measures }) => measures.throughput / 1000 / point.batchLimit);
    return Math.max(0, ...rates);
  }
}

function mostEvents(trials: readonly Trial[], limitMs: number): number {
  return Math.max(0, ...trials.map(({ measures }) => (measures.p95Ms <= limitMs ? measures.throughput : 0)));
}

function around(value: number, step: number): number[] {
  const up = Math.max(value + 1, Math.round(value * step));
  const down = Math.max(1, Math.min(value - 1, Math.round(value / step)));
  return [down, value, up];
}

function areApart(one: FixedPoint, other: FixedPoint): boolean {
  const ratio = (a: number, b: number): number => Math.max(a / b, b / a);
  return (
    ratio(one.batchLimit, other.batchLimit) > 2.5 ||
    ratio(one.concurrency, other.concurrency) > 1.9 ||
    Math.abs(one.minGapMs - other.minGapMs) > 0.1 * one.minGapMs
  );
}

function keyOf({ batchLimit, concurrency, lingerMs, minGapMs }: FixedPoint): string {
  return `${batchLimit} ${concurrency} ${lingerMs} ${minGapMs}`;
}
