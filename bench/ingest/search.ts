/** The highest rate within the guide's targets: a staircase up to the first failure, then bisection. */

import type { Held, Stand } from './stand.ts';

/**
 * The guide's targets. Its CPU target is read strictly: all threads of the process together, and one core
 * is all that the process may use, however many the machine has.
 */
export const GUIDE = { avgMs: 10, p95Ms: 30, cpuRatio: 0.7 } as const;

/** What of the schedule may be unsent at the end of a hold; more means that the rate was not held. */
const BEHIND_MS = GUIDE.p95Ms;

export interface SearchOptions {
  readonly start: number;
  /** Ratio of one step of the staircase to the one before. */
  readonly step: number;
  readonly bisections: number;
  /** Late may mean that the machine was busy: it counts once it was so often. Too much CPU counts at once. */
  readonly tries: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly say: (line: string) => void;
}

/** @returns the best hold; undefined when not even a quarter of the start was held */
export async function highestRate(stand: Stand, options: SearchOptions): Promise<Held | undefined> {
  let best: Held | undefined;
  let failed = Infinity;
  let rate = options.start;
  for (let left = options.bisections; left > 0;) {
    const held = await tryRate(stand, rate, options);
    if (held === undefined) failed = rate;
    else best = held;
    if (best === undefined && rate < options.start / 4) return undefined;
    if (Number.isFinite(failed) && best !== undefined) left -= 1;
    rate = nextRate(best?.rate, failed, options.step);
  }
  return best;
}

function nextRate(held: number | undefined, failed: number, step: number): number {
  if (held === undefined) return round(failed / step);
  return round(Number.isFinite(failed) ? Math.sqrt(held * failed) : held * step);
}

function round(rate: number): number {
  return Math.round(rate / 10_000) * 10_000;
}

async function tryRate(stand: Stand, rate: number, options: SearchOptions): Promise<Held | undefined> {
  const { tries, warmupMs, windowMs, say } = options;
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const held = await stand.hold({ rate, warmupMs, windowMs });
    await stand.check();
    const why = shortfall(held);
    say(`  ${rate.toLocaleString('en-US')}/s: ${why ?? `held, ${lineOf(held)}`}`);
    if (why === undefined) return held;
    if (held.cpuRatio >= GUIDE.cpuRatio) return undefined;
  }
  return undefined;
}

function shortfall({ latency, cpuRatio, sender }: Held): string | undefined {
  if (sender.behindMs > BEHIND_MS) return `${sender.behindMs.toFixed(0)} ms behind the schedule`;
  if (latency.count === 0) return 'nothing was confirmed within the window';
  if (!(latency.avgMs < GUIDE.avgMs)) return `avg ${latency.avgMs.toFixed(1)} ms`;
  if (!(latency.p95Ms < GUIDE.p95Ms)) return `p95 ${latency.p95Ms.toFixed(1)} ms`;
  if (!(cpuRatio < GUIDE.cpuRatio)) return `${(cpuRatio * 100).toFixed(0)} % of a core`;
  return undefined;
}

function lineOf({ latency, cpuRatio, nsPerEvent }: Held): string {
  return `avg ${latency.avgMs.toFixed(2)} p95 ${latency.p95Ms.toFixed(2)} ms, ${(cpuRatio * 100).toFixed(0)} % of a core, ${nsPerEvent.toFixed(0)} ns/event`;
}
