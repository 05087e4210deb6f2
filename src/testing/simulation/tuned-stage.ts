import { decided, type Decision } from '../../control/decision.ts';
import type { StageGoal } from '../../control/goal.ts';
import type { Pause, StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { Stage } from '../../runtime/stage/stage.ts';
import type { Controller, Step } from '../../tuning/controller.ts';
import type { DiscreteScheduler } from '../discrete-scheduler.ts';
import { plantStage } from './plant-stage.ts';
import type { PlantTarget, Spent } from './plant-target.ts';
import type { Plant } from './plant.ts';

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

export interface TunedStageOptions<S> extends Pick<Plant, 'name' | 'mapAsync'> {
  readonly seed: number;
  readonly settings: StageSettings;
  readonly goal: StageGoal;
  readonly controller: Controller<S> | undefined;
}

/** A stage of the engine in front of a plant, with the controller that tunes it. */
export class TunedStage<S> {
  readonly stage: Stage;
  readonly periods: SimulatedPeriod[] = [];
  settings: StageSettings;
  state: S | undefined;
  /** Told of events that were confirmed, or given up. */
  ended: (events: number) => void = () => undefined;
  readonly #options: TunedStageOptions<S>;
  readonly #now: Totals = { offered: 0, work: 0, refusedCalls: 0 };
  #last: Totals = { ...this.#now };

  constructor(options: TunedStageOptions<S>, target: PlantTarget, scheduler: DiscreteScheduler) {
    this.#options = options;
    this.settings = options.settings;
    this.stage = plantStage({
      ...options,
      scheduler,
      settings: () => this.settings,
      call: (events) => target.call(events, this.#now),
      ended: (events) => this.ended(events),
    });
    this.state = options.controller?.initial(options.settings, options.goal, options.seed);
  }

  offered(events: number): void {
    this.#now.offered += events;
  }

  /** Observes, lets the controller think, applies what it decided. */
  period(pause: Pause | undefined): SimulatedPeriod {
    const observation = this.stage.observe(pause);
    const before = this.settings;
    const began = process.cpuUsage();
    const step = this.#step(observation);
    const { user, system } = process.cpuUsage(began);
    const decisions = step?.decisions ?? [];
    if (step !== undefined) this.state = step.state;
    this.settings = decided(before, decisions);
    const spent = difference(this.#now, this.#last);
    const period = { observation, settings: before, decisions, ...spent, stepMs: (user + system) / 1000 };
    this.#last = { ...this.#now };
    this.periods.push(period);
    return period;
  }

  #step(observation: StageObservation): Step<S> | undefined {
    const { controller, goal } = this.#options;
    if (controller === undefined || this.state === undefined) return undefined;
    return controller.step(this.state, observation, this.settings, goal);
  }
}

interface Totals extends Spent {
  offered: number;
}

function difference(now: Totals, last: Totals): Totals {
  return {
    offered: now.offered - last.offered,
    work: now.work - last.work,
    refusedCalls: now.refusedCalls - last.refusedCalls,
  };
}
