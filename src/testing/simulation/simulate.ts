/**
 * One stage of the engine (the same class, the same dispatch rules, the same meter) in front of a plant, in
 * virtual time, tuned by a controller or left at fixed settings. Deterministic: the same plant, seed and
 * controller give the same run.
 */

import type { StageGoal, TuningGoal } from '../../control/goal.ts';
import type { Pause } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { systemRandom } from '../../host/random.ts';
import { CONTROL_PERIOD_MS, type Controller } from '../../tuning/controller.ts';
import { DiscreteScheduler } from '../discrete-scheduler.ts';
import { startLoad } from './load.ts';
import { PlantTarget } from './plant-target.ts';
import { boundsOf, DEFAULT_DURATION_MS, type Plant } from './plant.ts';
import { TunedStage, type SimulatedPeriod } from './tuned-stage.ts';

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
  const [only] = await simulateTogether(plant, 1, options);
  return only as Simulation<S>;
}

/**
 * Several instances of a stage in front of one plant, each with a controller and a load of its own, none knowing of
 * the others. Arrivals at a rate are divided evenly.
 */
export async function simulateTogether<S>(
  plant: Plant,
  instances: number,
  options: SimulationOptions<S> = {},
): Promise<Simulation<S>[]> {
  const {
    seed = 1,
    controller,
    periodMs = CONTROL_PERIOD_MS,
    fromMs = 0,
    durationMs = (plant.durationMs ?? DEFAULT_DURATION_MS) - fromMs,
    until = () => false,
  } = options;
  const scheduler = new DiscreteScheduler(fromMs);
  const target = new PlantTarget(plant, seed, scheduler);
  const goal: StageGoal = {
    p95Ms: plant.targetMs,
    goal: options.goal ?? 'balanced',
    // With the sink that follows.
    isShared: plant.mapAsync !== undefined,
    bounds: boundsOf(plant),
  };
  const settings: StageSettings = { ...UNTUNED, ...options.settings };
  const stages = Array.from({ length: instances }, (_, i) => {
    const ownSeed = seed + i * INSTANCE_SEEDS;
    const tuned = new TunedStage({ ...plant, seed: ownSeed, settings, goal, controller }, target, scheduler);
    startLoad(shareOf(plant, instances), tuned.stage, {
      scheduler,
      random: systemRandom(ownSeed + 1),
      settings: () => tuned.settings,
      offered: (events) => tuned.offered(events),
      whenEnded: (listener) => (tuned.ended = listener),
    });
    return tuned;
  });

  let pause: Pause | undefined;
  let isOver = false;
  const period = (): void => {
    for (const stage of stages) isOver = until(stage.period(pause)) || isOver;
    pause = undefined;
    scheduler.after(periodMs, period);
  };
  scheduler.after(periodMs, period);
  if (plant.pauses !== undefined) pauseRegularly(plant.pauses, scheduler, (seen) => (pause = seen));

  await scheduler.runUntil(fromMs + durationMs, () => isOver);
  return stages.map(({ periods, state }) => ({ plant, seed, periods, state }));
}

/** Seeds of one instance: plant, load, retries. */
const INSTANCE_SEEDS = 10;

function shareOf(plant: Plant, instances: number): Plant {
  const { arrivals } = plant;
  if (instances === 1 || arrivals === 'saturating') return plant;
  const rate = typeof arrivals === 'number' ? () => arrivals : arrivals;
  return { ...plant, arrivals: (now) => rate(now) / instances };
}

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
