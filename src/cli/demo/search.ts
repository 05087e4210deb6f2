/**
 * Finds the highest rate that a flow holds within its targets: ramp, staircase, then halving. Pure:
 * no clock, no I/O; the same snapshots give the same answer.
 *
 * **Invariants** (search.test.ts)
 * - `heldRate` was offered for a whole hold, and every figure of its second half met its target.
 * - After a rate that was not held, the backlog is gone before another one is judged.
 * - The load ends at `durationMs`, whatever was found.
 */

import { formatRate } from '../../metrics/format.ts';
import type { FlowSnapshot } from '../../metrics/snapshot.ts';
import { allMet, type TargetName } from '../../metrics/targets.ts';

export interface SearchOptions {
  readonly durationMs: number;
  /** Go to this rate and stay there, instead of searching. */
  readonly fixedRate?: number | undefined;
}

export interface SearchNote {
  readonly level: 'info' | 'warn' | 'good';
  readonly message: string;
}

export interface SearchStep {
  /** What to offer from now on, events per second. */
  readonly rate: number;
  /** For people: what is going on. */
  readonly phase: string;
  readonly notes: readonly SearchNote[];
  readonly isOver: boolean;
}

/** A rate that was held, and the figures of that time. */
export interface Held {
  readonly rate: number;
  readonly snapshot: FlowSnapshot;
}

export const START_RATE = 20_000;
/** A little above the guide's 100K events/s, so that its target is met and not touched. */
const RAMP_TO = 125_000;
/** The staircase: coarse, since halving follows; finer once the thread has no time left. */
const STEP = 2;
const STEP_WHEN_FULL = 1.4;
/** Found to within this ratio is exact enough: the machine itself varies as much. */
const EXACT = 1.06;
/** Share of the offered rate that must be taken in: the rest is the granularity of one second. */
const TAKEN_IN = 0.97;
/** Figures are over the last second: a rate is judged only by seconds that belong to it, ms. */
const SETTLE_MS = 1100;
/** So many snapshots in a row must agree before a rate counts as held, or as hopeless. */
const AGREE = 3;
/** A pause of the machine itself shows in the figures of one second: only what lasts longer counts as lost. */
const LASTING = 12;
/** The last hold, during which the answer is confirmed, ms. */
const FINAL_MS = 4000;

type Phase = 'ramp' | 'climb' | 'recover' | 'refine' | 'final' | 'fixed';

export class RateSearch {
  readonly #options: SearchOptions;
  readonly #rampMs: number;
  readonly #holdMs: number;
  #phase: Phase = 'ramp';
  #rate = START_RATE;
  #sinceMs = 0;
  #met = 0;
  #missed = 0;
  /** The lowest rate that was not held. */
  #lost = Infinity;
  /** Rates that were held, ascending. */
  #stairs: Held[] = [];
  #allGreenAtMs: number | undefined;

  constructor(options: SearchOptions) {
    this.#options = options;
    // Half the default time in half the default duration, within what a measurement needs.
    this.#rampMs = Math.min(5000, options.durationMs / 5);
    this.#holdMs = Math.min(2200, Math.max(1600, options.durationMs / 18));
  }

  /** The highest rate that was held and not lost later. */
  get held(): Held | undefined {
    return this.#stairs.at(-1);
  }

  /** Uptime at which all targets were met for the first time, ms. */
  get allGreenAtMs(): number | undefined {
    return this.#allGreenAtMs;
  }

  /** The first goal has been offered. */
  get hasRamped(): boolean {
    return this.#phase !== 'ramp';
  }

  /** To be called with each snapshot. */
  step(snapshot: FlowSnapshot): SearchStep {
    const notes = this.watch(snapshot);
    const atMs = snapshot.uptimeMs;
    this.#count(snapshot, atMs);
    this.#advance(snapshot, atMs, notes);
    return { rate: this.#rate, phase: this.#words(), notes, isOver: atMs >= this.#options.durationMs };
  }

  /** Looks whether all targets are met for the first time: also for snapshots that are not stepped through. */
  watch(snapshot: FlowSnapshot): SearchNote[] {
    if (this.#allGreenAtMs !== undefined || !allMet(snapshot.verdicts)) return [];
    this.#allGreenAtMs = snapshot.uptimeMs;
    return [{ level: 'good', message: `all targets met, at ${formatRate(snapshot.system.throughput.eps)}` }];
  }

  #count(snapshot: FlowSnapshot, atMs: number): void {
    if (atMs - this.#sinceMs < SETTLE_MS) return;
    const isMet = isHeld(snapshot, this.#rate);
    this.#met = isMet ? this.#met + 1 : 0;
    this.#missed = isMet ? 0 : this.#missed + 1;
  }

  #advance(snapshot: FlowSnapshot, atMs: number, notes: SearchNote[]): void {
    switch (this.#phase) {
      case 'ramp':
        this.#ramp(atMs);
        return;
      case 'fixed':
        if (this.#met >= AGREE) this.#hold(snapshot);
        return;
      case 'recover':
        if (this.#met >= AGREE) this.#next(atMs, snapshot);
        return;
      case 'climb':
      case 'refine':
        this.#judge(snapshot, atMs, notes);
        return;
      case 'final':
        this.#confirm(snapshot, atMs, notes);
        return;
    }
  }

  #ramp(atMs: number): void {
    const goal = this.#options.fixedRate ?? RAMP_TO;
    const from = Math.min(START_RATE, goal);
    this.#rate = from + (goal - from) * Math.min(1, atMs / this.#rampMs);
    if (atMs >= this.#rampMs) this.#go(this.#options.fixedRate === undefined ? 'climb' : 'fixed', goal, atMs);
  }

  #judge(snapshot: FlowSnapshot, atMs: number, notes: SearchNote[]): void {
    if (this.#isLost(snapshot)) this.#lose(snapshot, atMs, notes);
    else if (atMs - this.#sinceMs >= this.#holdMs && this.#met >= AGREE) {
      this.#hold(snapshot);
      notes.push({ level: 'info', message: `${formatRate(this.#rate)} held` });
      this.#next(atMs, snapshot);
    }
    if (this.#phase !== 'final' && this.#leftMs(atMs) <= FINAL_MS) this.#finish(atMs);
  }

  #isLost(snapshot: FlowSnapshot): boolean {
    return this.#missed >= LASTING || (this.#missed >= AGREE && snapshot.verdicts.avg === 'critical');
  }

  #lose(snapshot: FlowSnapshot, atMs: number, notes: SearchNote[]): void {
    this.#lost = Math.min(this.#lost, this.#rate);
    this.#stairs = this.#stairs.filter(({ rate }) => rate < this.#lost);
    notes.push({ level: 'warn', message: `${formatRate(this.#rate)} not held: ${whatFails(snapshot, this.#rate)}` });
    this.#go('recover', this.#restRate(), atMs);
  }

  /** The next rate to try. */
  #next(atMs: number, snapshot: FlowSnapshot): void {
    const held = this.held?.rate ?? 0;
    const isClose = held > 0 && this.#lost / held <= EXACT;
    if (isClose || this.#leftMs(atMs) <= FINAL_MS + this.#holdMs) this.#finish(atMs);
    else if (this.#lost === Infinity) {
      this.#go('climb', this.#rate * (snapshot.bottleneck.kind === 'cpu' ? STEP_WHEN_FULL : STEP), atMs);
    } else this.#go('refine', (held + this.#lost) / 2, atMs);
  }

  #finish(atMs: number): void {
    this.#go('final', this.held?.rate ?? START_RATE, atMs);
  }

  /** The answer must hold to the end; where it does not, the next lower one is tried. */
  #confirm(snapshot: FlowSnapshot, atMs: number, notes: SearchNote[]): void {
    if (this.#met >= AGREE) this.#hold(snapshot);
    else if (this.#isLost(snapshot)) this.#lose(snapshot, atMs, notes);
  }

  #hold(snapshot: FlowSnapshot): void {
    this.#stairs = [...this.#stairs.filter(({ rate }) => rate < this.#rate), { rate: this.#rate, snapshot }];
  }

  #go(phase: Phase, rate: number, atMs: number): void {
    this.#phase = phase;
    this.#rate = Math.round(rate);
    this.#sinceMs = atMs;
    this.#met = 0;
    this.#missed = 0;
  }

  /** Low enough that a backlog of a second or two is worked off soon. */
  #restRate(): number {
    return (this.held?.rate ?? START_RATE) / 2;
  }

  #leftMs(atMs: number): number {
    return this.#options.durationMs - atMs;
  }

  #words(): string {
    const rate = formatRate(this.#rate);
    switch (this.#phase) {
      case 'ramp':
        return `ramping up: ${rate}`;
      case 'climb':
        return `pushing on: ${rate}`;
      case 'recover':
        return 'letting the backlog drain';
      case 'refine':
        return `closing in: ${rate}`;
      case 'final':
        return `confirming: ${rate}`;
      case 'fixed':
        return `holding: ${rate}`;
    }
  }
}

/** Every target met at the offered rate. The throughput target itself counts only where so much is offered. */
function isHeld(snapshot: FlowSnapshot, rate: number): boolean {
  return failing(snapshot).length === 0 && snapshot.system.throughput.eps >= rate * TAKEN_IN;
}

function failing(snapshot: FlowSnapshot): TargetName[] {
  const names: readonly TargetName[] = ['avg', 'p95', 'cpu', 'memory'];
  return names.filter((name) => snapshot.verdicts[name] === 'missed' || snapshot.verdicts[name] === 'critical');
}

function whatFails(snapshot: FlowSnapshot, rate: number): string {
  const { system } = snapshot;
  const words: Readonly<Record<TargetName, string>> = {
    avg: `average ${(system.response_time.avg ?? 0).toFixed(1)} ms`,
    p95: `p95 ${(system.response_time.p95 ?? 0).toFixed(1)} ms`,
    cpu: `cpu ${(system.resource_utilization.cpu ?? 0).toFixed(0)} %`,
    memory: `memory ${(system.resource_utilization.memory ?? 0).toFixed(0)} %`,
    throughput: '',
  };
  const names = failing(snapshot).map((name) => words[name]);
  return names.length > 0 ? names.join(', ') : `${formatRate(system.throughput.eps)} of ${formatRate(rate)} taken in`;
}
