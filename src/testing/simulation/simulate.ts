/**
 * One stage of the engine (the same class, the same dispatch rules, the same meter) in front of a plant, in
 * virtual time, tuned by a controller or left at fixed settings. Deterministic: the same plant, seed and
 * controller give the same run.
 */

import { decided, type Decision } from '../../control/decision.ts';
import { NATURAL_BOUNDS, type StageGoal, type TuningGoal } from '../../control/goal.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { ConnectorError } from '../../errors/errors.ts';
import { WaitingStage } from '../../runtime/waiting-stage.ts';
import { CONTROL_PERIOD_MS, type Controller } from '../../tuning/controller.ts';
import { systemRandom } from '../../host/random.ts';
import { DiscreteScheduler } from './discrete-scheduler.ts';
import { startLoad } from './load.ts';
import { DEFAULT_DURATION_MS, type Plant, type PlantReply } from './plant.ts';

export interface SimulationOptions<S = unknown> {
  /** Of all that is random in plant, load and controller. Default 1. */
  readonly seed?: number;
  /** None: the settings stay as they are. */
  readonly controller?: Controller<S>;
  /** What the stage starts with. Default: one event at a time, one call at a time. */
  readonly settings?: Partial<StageSettings>;
  readonly goal?: TuningGoal;
  /** Default CONTROL_PERIOD_MS. */
  readonly periodMs?: number;
  /** When the run begins in the plant's time, ms. Default 0. */
  readonly fromMs?: number;
  /** Default: to the plant's end. */
  readonly durationMs?: number;
  /** Ends the run after a period, before its time. */
  readonly until?: (period: SimulatedPeriod) => boolean;
}

/** One control period of a run. */
export interface SimulatedPeriod {
  readonly observation: StageObservation;
  /** In force during the period. */
  readonly settings: StageSettings;
  readonly decisions: readonly Decision[];
  /** Events offered, the plant's work, and calls that it refused or failed, in the period. */
  readonly offered: number;
  readonly work: number;
  readonly refusedCalls: number;
  /** CPU time of the process during the controller's step, ms; the only figure that is not the same in each run. */
  readonly stepMs: number;
}

export interface Simulation<S = unknown> {
  readonly plant: Plant;
  readonly seed: number;
  readonly periods: readonly SimulatedPeriod[];
  /** The controller's last state; undefined without one. */
  readonly state: S | undefined;
}

/** A stage that nobody has tuned: one event, one call, no waiting. */
export const UNTUNED: StageSettings = {
  batchLimit: 1,
  concurrency: 1,
  burstConcurrency: 1,
  burstAgeMs: 0,
  lingerMs: 0,
  minGapMs: 0,
  edgeEvents: 2,
  edgeBytes: 2 ** 40,
};

export async function simulate<S>(plant: Plant, options: SimulationOptions<S> = {}): Promise<Simulation<S>> {
  const {
    seed = 1,
    controller,
    periodMs = CONTROL_PERIOD_MS,
    fromMs = 0,
    durationMs = (plant.durationMs ?? DEFAULT_DURATION_MS) - fromMs,
    until = () => false,
  } = options;
  const scheduler = new DiscreteScheduler(fromMs);
  const goal: StageGoal = {
    p95Ms: plant.targetMs,
    goal: options.goal ?? 'balanced',
    bounds: { ...NATURAL_BOUNDS, ...plant.bounds },
  };
  let settings: StageSettings = { ...UNTUNED, ...options.settings };
  const totals: Totals = { offered: 0, work: 0, refusedCalls: 0 };
  let isOver = false;
  const stage = stageBefore(plant, seed, scheduler, () => settings, totals);
  startLoad(plant, stage, {
    scheduler,
    random: systemRandom(seed + 1),
    settings: () => settings,
    offered: (events) => (totals.offered += events),
  });

  const periods: SimulatedPeriod[] = [];
  let state = controller?.initial(settings, goal, seed);
  let pause: Pause | undefined;
  let last = { ...totals };
  const period = (): void => {
    const observation = stage.observe(pause);
    pause = undefined;
    const before = settings;
    const began = process.cpuUsage();
    const step =
      controller === undefined || state === undefined ? undefined : controller.step(state, observation, settings, goal);
    const { user, system } = process.cpuUsage(began);
    const stepMs = (user + system) / 1000;
    if (step !== undefined) {
      state = step.state;
      settings = decided(settings, step.decisions);
    }
    const decisions = step?.decisions ?? [];
    const simulated = { observation, settings: before, decisions, ...spentSince(last, totals), stepMs };
    periods.push(simulated);
    last = { ...totals };
    isOver = until(simulated);
    scheduler.after(periodMs, period);
  };
  scheduler.after(periodMs, period);
  if (plant.pauses !== undefined) pauseRegularly(plant.pauses, scheduler, (seen) => (pause = seen));

  await scheduler.runUntil(fromMs + durationMs, () => isOver);
  return { plant, seed, periods, state };
}

interface Totals {
  offered: number;
  work: number;
  refusedCalls: number;
}

function spentSince(last: Totals, now: Totals): Totals {
  return {
    offered: now.offered - last.offered,
    work: now.work - last.work,
    refusedCalls: now.refusedCalls - last.refusedCalls,
  };
}

function stageBefore(
  plant: Plant,
  seed: number,
  scheduler: DiscreteScheduler,
  settings: () => StageSettings,
  totals: Totals,
): WaitingStage {
  const random = systemRandom(seed);
  const servers = new Float64Array(plant.servers ?? 1);
  const state: Record<string, number> = {};
  let inFlight = 0;
  const call = (events: readonly unknown[]): SimulatedCall => {
    inFlight += 1;
    const batch = events.length;
    const reply = replyOf(plant.service({ batch, inFlight, now: scheduler.now(), random, servers, state }));
    totals.work += reply.work ?? reply.durationMs;
    if (reply.outcome !== undefined && reply.outcome !== 'ok') totals.refusedCalls += 1;
    return new SimulatedCall(scheduler, reply, () => (inFlight -= 1));
  };
  return new WaitingStage(
    {
      name: plant.name,
      kind: 'sink',
      ordered: false,
      call,
      whenSlow: 'block',
      whenFailing: 'deadLetter',
      completed: (_, { parts }) => {
        for (const { origin } of parts) origin.release();
        return undefined;
      },
      drained: () => undefined,
    },
    {
      flow: 'simulation',
      scheduler,
      random: systemRandom(seed + 2),
      signal: new AbortController().signal,
      settings,
      deadLetter: () => undefined,
      notice: () => undefined,
      fatal: (cause) => {
        throw cause instanceof Error ? cause : new Error(String(cause));
      },
    },
    1,
  );
}

function replyOf(reply: number | PlantReply): PlantReply {
  return typeof reply === 'number' ? { durationMs: reply } : reply;
}

/** What a call of the plant gives back: settles in virtual time like a promise, without being one. */
class SimulatedCall {
  readonly #scheduler: DiscreteScheduler;
  readonly #reply: PlantReply;
  readonly #ended: () => void;

  constructor(scheduler: DiscreteScheduler, reply: PlantReply, ended: () => void) {
    this.#scheduler = scheduler;
    this.#reply = reply;
    this.#ended = ended;
  }

  then(resolve: (value: undefined) => void, reject: (cause: unknown) => void): void {
    const { durationMs, outcome = 'ok' } = this.#reply;
    this.#scheduler.after(durationMs, () => {
      this.#ended();
      if (outcome === 'ok') resolve(undefined);
      else reject(REFUSALS[outcome]);
    });
  }
}

const REFUSALS = {
  rejected: new ConnectorError('plant', 'refused', { retryable: true, backPressure: true }),
  failed: new ConnectorError('plant', 'failed', { retryable: true }),
};

function pauseRegularly(
  { everyMs, lengthMs }: NonNullable<Plant['pauses']>,
  scheduler: DiscreteScheduler,
  seen: (pause: Pause) => void,
): void {
  scheduler.after(everyMs, () => {
    const endedAt = scheduler.now() + lengthMs;
    scheduler.freeze(lengthMs);
    scheduler.soon(() => seen({ endedAt, durationMs: lengthMs }));
    pauseRegularly({ everyMs, lengthMs }, scheduler, seen);
  });
}
