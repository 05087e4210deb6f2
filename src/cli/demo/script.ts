/**
 * The demo's course: the load ramps up until all targets are met, then the database slows down, then it is
 * away, and when all is well again the search for the highest rate goes on. Pure, like the search.
 *
 * **Invariants** (script.test.ts)
 * - While the database is troubled the load stays as it is: what changes is the database alone.
 * - The search never sees a troubled second, nor the time that the troubles took.
 */

import type { FlowSnapshot } from '../../metrics/snapshot.ts';
import { allMet } from '../../metrics/targets.ts';
import { HEALTHY, type Conditions } from './database.ts';
import { RateSearch, type SearchNote, type SearchOptions, type SearchStep } from './search.ts';

export interface ScriptStep extends SearchStep {
  /** How the made-up database is from now on. */
  readonly conditions: Conditions;
}

interface Trouble {
  readonly conditions: Conditions;
  readonly lengthMs: number;
  readonly begins: string;
  readonly ends: string;
  readonly phase: string;
}

const TROUBLES: readonly Trouble[] = [
  {
    conditions: { ...HEALTHY, slowdown: 3 },
    lengthMs: 5000,
    begins: 'the database slows down: every call takes three times as long',
    ends: 'the database is as fast as before',
    phase: 'the database is slow',
  },
  {
    conditions: { ...HEALTHY, isAway: true },
    lengthMs: 2500,
    begins: 'the database is away: it refuses every call',
    ends: 'the database is back',
    phase: 'the database is away',
  },
];

/** A run shorter than this has no time for troubles, ms. */
const SHORTEST_WITH_TROUBLES_MS = 25_000;
/** All targets have been met for so long before the next trouble begins, ms. */
const CALM_MS = 1500;
/** Figures are over the last second: what is met earlier was measured before, ms. */
const SETTLED_MS = 1000;
/** Longest wait for that, ms: a machine that never gets there sees the troubles all the same. */
const PATIENCE_MS = 8000;

/** One stretch of the course. */
interface Stretch {
  readonly kind: 'search' | 'calm' | 'trouble';
  readonly sinceMs: number;
  /** Said once: that all targets are met again. */
  isToBeTold: boolean;
  greenSinceMs: number | undefined;
}

export class DemoScript {
  readonly search: RateSearch;
  readonly #durationMs: number;
  readonly #troubles: Trouble[];
  #stretch: Stretch = { kind: 'search', sinceMs: 0, isToBeTold: false, greenSinceMs: undefined };
  #last: SearchStep | undefined;
  /** Uptime that the search does not count. */
  #hiddenMs = 0;

  constructor(options: SearchOptions) {
    const isLongEnough = options.durationMs >= SHORTEST_WITH_TROUBLES_MS;
    this.#troubles = isLongEnough ? [...TROUBLES] : [];
    this.#durationMs = options.durationMs;
    this.search = new RateSearch({ ...options, durationMs: options.durationMs - reservedMs(this.#troubles) });
  }

  /** To be called with each snapshot. */
  step(snapshot: FlowSnapshot): ScriptStep {
    const atMs = snapshot.uptimeMs;
    const isOver = atMs >= this.#durationMs;
    const [trouble] = this.#troubles;
    if (this.#stretch.kind === 'search') {
      const step = this.search.step({ ...snapshot, uptimeMs: atMs - this.#hiddenMs });
      this.#last = step;
      if (trouble !== undefined && this.search.hasRamped) this.#enter('calm', atMs);
      return { ...step, isOver: isOver || step.isOver, conditions: HEALTHY };
    }
    const rate = this.#last?.rate ?? 0;
    const notes = this.search.watch(snapshot);
    const conditions = this.#live(snapshot, trouble, notes);
    const phase = this.#stretch.kind === 'trouble' && trouble !== undefined ? trouble.phase : 'steady load';
    return { rate, phase, notes, isOver, conditions };
  }

  #live(snapshot: FlowSnapshot, trouble: Trouble | undefined, notes: SearchNote[]): Conditions {
    const atMs = snapshot.uptimeMs;
    this.#watchGreen(snapshot, notes);
    if (this.#stretch.kind === 'trouble' && trouble !== undefined) {
      if (atMs - this.#stretch.sinceMs < trouble.lengthMs) return trouble.conditions;
      notes.push({ level: 'info', message: trouble.ends });
      this.#troubles.shift();
      this.#enter('calm', atMs);
    } else if (this.#isCalm(atMs)) {
      if (trouble === undefined) this.#backToSearch(atMs);
      else {
        notes.push({ level: 'warn', message: trouble.begins });
        this.#enter('trouble', atMs);
        return trouble.conditions;
      }
    }
    return HEALTHY;
  }

  #isCalm(atMs: number): boolean {
    const { greenSinceMs, sinceMs } = this.#stretch;
    return (greenSinceMs !== undefined && atMs - greenSinceMs >= CALM_MS) || atMs - sinceMs >= PATIENCE_MS;
  }

  #watchGreen(snapshot: FlowSnapshot, notes: SearchNote[]): void {
    const stretch = this.#stretch;
    if (!allMet(snapshot.verdicts)) {
      stretch.greenSinceMs = undefined;
      return;
    }
    if (stretch.greenSinceMs !== undefined) return;
    stretch.greenSinceMs = snapshot.uptimeMs;
    const tookMs = snapshot.uptimeMs - stretch.sinceMs;
    if (!stretch.isToBeTold || tookMs < SETTLED_MS) return;
    stretch.isToBeTold = false;
    notes.push({ level: 'good', message: `all targets met again, ${(tookMs / 1000).toFixed(1)} s later` });
  }

  #enter(kind: Stretch['kind'], atMs: number): void {
    const isAfterRamp = this.#stretch.kind === 'search';
    if (isAfterRamp) this.#hiddenMs -= atMs;
    this.#stretch = { kind, sinceMs: atMs, isToBeTold: !isAfterRamp, greenSinceMs: undefined };
  }

  #backToSearch(atMs: number): void {
    this.#hiddenMs += atMs;
    this.#stretch = { kind: 'search', sinceMs: atMs, isToBeTold: false, greenSinceMs: undefined };
  }
}

/** What the search must do without, at most. */
function reservedMs(troubles: readonly Trouble[]): number {
  return troubles.reduce((sum, { lengthMs }) => sum + lengthMs + 2 * CALM_MS, 0);
}
