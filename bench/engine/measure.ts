/** One flow, all contestants in turn: what each costs, with its answer checked against the loop's. */

import { cpuPerEvent, interleave, sampleOf, type BenchContext, type Sample } from '../harness/index.ts';
import type { OpenFlow } from './contestant.ts';
import { BATCH_EVENTS, load, PASS_BATCHES, type Tally } from './events.ts';
import { openLoop } from './peer/loop.ts';
import { IN_FLIGHT, type AsyncJobName, type JobName } from './jobs.ts';

/** CPU time of one measured run of a contestant, ms: long against the clock and a garbage collection of the young. */
const RUN_MS = 40;
/**
 * Of each run, what goes before it unmeasured. Whoever ran before leaves its own branches in the predictors and its own memory in the
 * caches, and is always the same, since rounds turn the order and do not mix it: dense keys, after Web Streams, began
 * at 17 ns and came to 7.6 within 10 ms.
 */
const LEAD_IN_SHARE = 1 / 4;
/**
 * Runs before the size is chosen, and of one pass or, of slow contestants, of a few batches. The same for all, and long enough
 * that nobody is measured while V8 still compiles it: a thread of its own does that, in the CPU time of whoever runs.
 */
const WARM_UP_MS = 1000;
const QUICK_WARM_UP_MS = 250;
const FEW_BATCHES = 20;

export interface Entry {
  readonly name: string;
  readonly flow: OpenFlow;
}

/** @returns per contestant, CPU ns per event over the rounds */
export async function costs(
  b: BenchContext,
  job: JobName,
  title: string,
  entries: readonly Entry[],
): Promise<Map<string, Sample>> {
  const runners: Runner[] = [];
  for (const entry of entries) runners.push(await Runner.warm(entry, b.quick));
  const byName = new Map(runners.map((runner) => [runner.name, runner]));
  const variants = Object.fromEntries(runners.map((runner) => [runner.name, () => runner.run()]));
  const leadIn = (name: string) => byName.get(name)?.leadIn();
  const samples = await interleave({ rounds: b.rounds(15, 5), warmup: 1, leadIn }, variants);
  for (const runner of runners) await runner.check(b, job, title);
  for (const [name, sample] of Object.entries(samples)) b.note(`${title}: ${name}`, 'cpu', sample, 'ns/event');
  return new Map(Object.entries(samples));
}

/** Runs one contestant's flow and remembers how often it was given what. */
class Runner {
  readonly name: string;
  readonly #flow: OpenFlow;
  /** Runs by number of batches. */
  readonly #runs = new Map<number, number>();
  #measured: Portion = { passes: 1, batches: FEW_BATCHES };
  #leadIn: Portion = this.#measured;

  private constructor({ name, flow }: Entry) {
    this.name = name;
    this.#flow = flow;
  }

  static async warm(entry: Entry, isQuick: boolean): Promise<Runner> {
    const runner = new Runner(entry);
    await runner.#size(isQuick ? QUICK_WARM_UP_MS : WARM_UP_MS);
    return runner;
  }

  leadIn(): Promise<number> {
    return this.#run(this.#leadIn);
  }

  run(): Promise<number> {
    return this.#run(this.#measured);
  }

  async #run({ passes, batches }: Portion): Promise<number> {
    for (let pass = 0; pass < passes; pass += 1) await this.#flow.run(this.#given(batches));
    return passes * batches * BATCH_EVENTS;
  }

  /** Ends the flow: it must have given what the loop gives for the same batches. */
  async check(b: BenchContext, job: JobName, title: string): Promise<void> {
    const actual = await this.#flow.close();
    if (job === 'each' || job === 'arrays') {
      b.check(actual.events === this.#calls(job), `${title}: ${this.name} made every call once`);
      b.check(actual.total <= IN_FLIGHT[job], `${title}: ${this.name} kept to ${IN_FLIGHT[job]} calls in flight`);
      return;
    }
    const expected: Tally = { events: 0, total: 0 };
    for (const [batches, runs] of this.#runs) {
      const loop = openLoop(job);
      await loop.run(load.slice(0, batches));
      const { events, total } = await loop.close();
      expected.events += events * runs;
      expected.total += total * runs;
    }
    const fact = `${title}: ${this.name} gives ${expected.events} and ${expected.total}, not ${actual.events} and ${actual.total}`;
    b.check(actual.events === expected.events && actual.total === expected.total, fact);
  }

  /** Whole passes where a pass is short enough; a slow contestant gets fewer batches. */
  async #size(warmUpMs: number): Promise<void> {
    const isWhole = this.#flow.isWhole === true || (await cpuPerEvent(() => this.run())) < SLOW_NS;
    if (isWhole) this.#measured = { passes: 1, batches: PASS_BATCHES };
    const runs: number[] = [];
    for (const until = performance.now() + warmUpMs; performance.now() < until;)
      runs.push(await cpuPerEvent(() => this.run()));
    // The median: after one run that something held up, all that are measured would be too short.
    const batches = (RUN_MS * 1e6) / sampleOf(runs).median / BATCH_EVENTS;
    this.#measured = portionOf(batches, isWhole);
    this.#leadIn = portionOf(batches * LEAD_IN_SHARE, isWhole);
  }

  #given(batches: number): readonly (typeof load)[number][] {
    this.#runs.set(batches, (this.#runs.get(batches) ?? 0) + 1);
    return batches === PASS_BATCHES ? load : load.slice(0, batches);
  }

  #calls(job: AsyncJobName): number {
    let batches = 0;
    for (const [size, runs] of this.#runs) batches += size * runs;
    return job === 'each' ? batches * BATCH_EVENTS : batches;
  }
}

/** What a contestant is given in one run. */
interface Portion {
  readonly passes: number;
  readonly batches: number;
}

/** @param isWhole - whole passes only */
function portionOf(batches: number, isWhole: boolean): Portion {
  if (isWhole) return { passes: Math.max(1, Math.round(batches / PASS_BATCHES)), batches: PASS_BATCHES };
  return { passes: 1, batches: Math.min(PASS_BATCHES, Math.max(2, Math.round(batches))) };
}

/** Cold cost per event above which a pass is too long. */
const SLOW_NS = 3000;
