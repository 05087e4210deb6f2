/**
 * Drives the buffer manager for the edges of a run.
 *
 * One knob has one writer: the bound in bytes is always the manager's. The bound in events is the stage
 * controller's wish where it has one, cut by what bytes and memory allow, and by what can be in time: a source that always
 * has more fills whatever is there, and what it cannot put into an edge it waits with. Else it is the manager's too.
 */

import { BufferManager, type EdgeLoad } from '../../buffer/buffer-manager.ts';
import { againstLimit, type MemoryBand } from '../../buffer/memory-band.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { ResourceSample } from '../../metrics/resources.ts';
import type { ControlledStage } from './controlled-stage.ts';

export interface EdgeSizingOptions {
  readonly stages: readonly ControlledStage[];
  readonly settingsOf: (stage: string) => StageSettings;
  /** Stages between which the latency target is divided. */
  readonly shares: number;
  /** Use of memory from which on edges shrink, 0..1. */
  readonly memoryTarget: number;
  /** Whether the stages' controllers ask for sizes in events. */
  readonly hasWishes: boolean;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
}

/** Edges may hold so much of what the process may use; their events take several times that as objects. */
const MEMORY_SHARE = 0.05;
/** Waiting takes so much of a stage's time, the call itself the rest. */
const WAITING_SHARE = 0.5;
/** What is left of a stage's time counts as at least so much, when its capacity is told from what it did. */
const LEAST_BUSY = 0.05;
/** One to take, and one that comes meanwhile. */
const LEAST_EVENTS = 2;
/** Weight of the newest control period in what a stage takes away. */
const NEWEST = 0.1;

export class EdgeSizing {
  readonly #options: EdgeSizingOptions;
  readonly #manager: BufferManager;
  readonly #wishes = new Map<string, number>();
  /** Events per ms that each stage took away lately. */
  readonly #drains = new Map<string, number>();
  readonly #tuned: ReadonlySet<string>;
  /** Whether their queues have made them late lately. */
  readonly #lateness = new Map<string, Lateness>();
  /** Of a stage's budget, for which what it takes away may wait. */
  readonly #waitingShare: number;

  constructor(options: EdgeSizingOptions) {
    this.#options = options;
    this.#manager = new BufferManager({ availableParallelism: 1, cpus: 1 }); // cold sizes are the settings' already
    this.#tuned = new Set(options.stages.filter(({ isTuned }) => isTuned && options.hasWishes).map(({ name }) => name));
    // Of several stages hardly any event meets the p95 of each: bounded by half of their budgets they starve each other.
    this.#waitingShare = options.shares > 1 ? 1 : WAITING_SHARE;
    for (const { name, bounds } of options.stages) {
      const fixed = { events: pinOf(bounds.edgeEvents), bytes: pinOf(bounds.edgeBytes) };
      this.#manager.add(name, fixed, options.settingsOf(name));
    }
  }

  get band(): MemoryBand {
    return this.#manager.band;
  }

  /** A stage's controller asks for so many events. */
  wished(stage: string, events: number): void {
    this.#wishes.set(stage, events);
  }

  /** The most events that bytes and memory allow. */
  maxEvents(stage: string): number {
    return this.#manager.maxEvents(stage);
  }

  /** The most events that can be in time, where a queue has made a stage late: what it takes away within its budget. */
  timelyEvents(stage: string, budgetMs: number): number {
    const perMs = this.#drains.get(stage);
    if (perMs === undefined) return Infinity;
    // Alone, a controller needs the whole queue to see what comes; among several, one queue is the next one's rate.
    if (this.#options.shares === 1 && this.#lateness.get(stage)?.isBounded !== true) return Infinity;
    return Math.max(LEAST_EVENTS, Math.ceil(perMs * budgetMs * this.#waitingShare));
  }

  /** Each control period. @param isLate - its events took longer than the budget of the stage */
  observe(observations: readonly StageObservation[], isLate: (observation: StageObservation) => boolean): void {
    for (const observation of observations) {
      const { stage, done, durationMs, gate } = observation;
      this.#lateness.set(stage, nextLateness(this.#lateness.get(stage) ?? IN_TIME, isLate(observation)));
      if (done === 0 || gate !== 'open') continue; // it says nothing about what could be
      const before = this.#drains.get(stage);
      const now = done / durationMs;
      this.#drains.set(stage, before === undefined ? now : before + NEWEST * (now - before));
    }
  }

  /** To be called every second or so. @returns new sizes by stage */
  adjust(
    observations: readonly StageObservation[],
    budgetOf: (stage: string) => number,
    memory: ResourceSample,
  ): ReadonlyMap<string, Partial<StageSettings>> {
    const { settingsOf, memoryTarget, notice } = this.#options;
    if (memory.memoryLimitBytes !== null) this.#manager.memoryBytes = memory.memoryLimitBytes * MEMORY_SHARE;
    const before = this.#manager.band;
    const loads = observations.map((observation) =>
      loadOf(observation, settingsOf(observation.stage), budgetOf(observation.stage), this.#wishOf(observation.stage)),
    );
    const grants = this.#manager.adjust(loads, againstLimit(memory.memoryRatio, memoryTarget));
    if (this.#manager.band === 'emergency' && before !== 'emergency') {
      const use = Math.round((memory.memoryRatio ?? 0) * 100);
      notice('warn', `Memory is at ${use} % of what may be used: nothing is taken in beyond what is in flight.`);
    }
    const sizes = new Map<string, Partial<StageSettings>>(
      grants.map(({ edge, edgeEvents, edgeBytes }) => [edge, { edgeEvents, edgeBytes }]),
    );
    for (const stage of this.#tuned) {
      const wish = this.#wishes.get(stage);
      // A wish is granted as far as it may be, not step by step; alone, also what it was cut by, as more is taken away.
      if (wish === undefined || (this.#options.shares > 1 && !sizes.has(stage))) continue;
      const edgeEvents = Math.min(wish, this.#manager.maxEvents(stage), this.timelyEvents(stage, budgetOf(stage)));
      sizes.set(stage, { ...sizes.get(stage), edgeEvents });
    }
    return sizes;
  }

  #wishOf(stage: string): number | undefined {
    if (!this.#tuned.has(stage)) return undefined;
    return this.#wishes.get(stage) ?? this.#options.settingsOf(stage).edgeEvents;
  }
}

/** Whether the queue of a stage is bounded by what can be in time. */
interface Lateness {
  readonly isBounded: boolean;
  /** Control periods on end in which the stage was late; or, bounded, how many the bound still lasts. */
  readonly periods: number;
  /** How long the next bound lasts, control periods. */
  readonly hold: number;
}

/** A second: its controller has had the time to answer, and needs the queue to see what comes. */
const LATE_PERIODS = 10;
const FIRST_HOLD = 100;
const LONGEST_HOLD = 3000;
const IN_TIME: Lateness = { isBounded: false, periods: 0, hold: FIRST_HOLD };

/** A bound that was needed again lasts twice as long: 10 s, up to 5 min. */
function nextLateness({ isBounded, periods, hold }: Lateness, isLate: boolean): Lateness {
  if (isBounded)
    return periods > 1 ? { isBounded, periods: periods - 1, hold } : { isBounded: false, periods: 0, hold };
  const late = isLate ? periods + 1 : 0;
  if (late < LATE_PERIODS) return { isBounded, periods: late, hold };
  return { isBounded: true, periods: hold, hold: Math.min(LONGEST_HOLD, 2 * hold) };
}

function loadOf(
  { stage, done, durationMs, busyRatio, backlogEvents, backlogBytes }: StageObservation,
  { batchLimit }: StageSettings,
  budgetMs: number,
  wishEvents: number | undefined,
): EdgeLoad {
  const perSecond = durationMs > 0 ? (done / durationMs) * 1000 : 0;
  return {
    edge: stage,
    drainPerSecond: perSecond / Math.min(1, Math.max(LEAST_BUSY, busyRatio)),
    budgetMs: WAITING_SHARE * budgetMs,
    batch: batchLimit,
    backlogEvents,
    backlogBytes,
    wishEvents,
  };
}

function pinOf({ min, max }: { readonly min: number; readonly max: number }): number | undefined {
  return min === max ? max : undefined;
}
