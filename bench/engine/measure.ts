/** One flow, all contestants in turn: what each costs, with its answer checked against the loop's. */

import { cpuPerEvent, interleave, type BenchContext, type Sample } from '../harness/index.ts';
import type { OpenFlow } from './contestant.ts';
import { BATCH_EVENTS, load, PASS_BATCHES, type Tally } from './events.ts';
import { openLoop } from './peer/loop.ts';
import { IN_FLIGHT, type AsyncJobName, type JobName } from './jobs.ts';

/** CPU time of one measured run of a contestant, ms: long against the clock and a garbage collection of the young. */
const RUN_MS = 40;
const QUICK_RUN_MS = 25;
/**
 * Runs before the size is chosen, and of one pass or, of slow contestants, of a few batches. The same for all, and long enough
 * that nobody is measured while V8 still compiles it: a thread of its own does that, in the CPU time of whoever runs.
 */
const WARM_UP_MS = 1000;
const QUICK_WARM_UP_MS = 125;
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
  const variants = Object.fromEntries(runners.map((runner) => [runner.name, () => runner.run()]));
  const samples = await interleave({ rounds: b.rounds(15, 5), warmup: 1 }, variants);
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
  #batches = PASS_BATCHES;
  #passes = 1;

  private constructor({ name, flow }: Entry) {
    this.name = name;
    this.#flow = flow;
  }

  static async warm(entry: Entry, isQuick: boolean): Promise<Runner> {
    const runner = new Runner(entry);
    await runner.#size(isQuick ? QUICK_RUN_MS : RUN_MS, isQuick ? QUICK_WARM_UP_MS : WARM_UP_MS);
    return runner;
  }

  async run(): Promise<number> {
    for (let pass = 0; pass < this.#passes; pass += 1) await this.#flow.run(this.#given());
    return this.#passes * this.#batches * BATCH_EVENTS;
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
  async #size(runMs: number, warmUpMs: number): Promise<void> {
    this.#batches = FEW_BATCHES;
    if (this.#flow.isWhole === true || (await cpuPerEvent(() => this.run())) < SLOW_NS) this.#batches = PASS_BATCHES;
    let cost = 0;
    for (const until = performance.now() + warmUpMs; performance.now() < until;)
      cost = await cpuPerEvent(() => this.run());
    const wanted = (runMs * 1e6) / cost / BATCH_EVENTS;
    if (this.#batches === PASS_BATCHES) this.#passes = Math.max(1, Math.round(wanted / PASS_BATCHES));
    else this.#batches = Math.min(PASS_BATCHES, Math.max(2, Math.round(wanted)));
  }

  #given(): readonly (typeof load)[number][] {
    this.#runs.set(this.#batches, (this.#runs.get(this.#batches) ?? 0) + 1);
    return this.#batches === PASS_BATCHES ? load : load.slice(0, this.#batches);
  }

  #calls(job: AsyncJobName): number {
    let batches = 0;
    for (const [size, runs] of this.#runs) batches += size * runs;
    return job === 'each' ? batches * BATCH_EVENTS : batches;
  }
}

/** Cold cost per event above which a pass is too long. */
const SLOW_NS = 3000;
