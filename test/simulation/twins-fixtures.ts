/** Two stages, each with a solver of its own, in front of one target that knows nothing of it. */

import { decided } from '../../src/control/decision.ts';
import { NATURAL_BOUNDS, type StageGoal } from '../../src/control/goal.ts';
import type { StageSettings } from '../../src/control/settings.ts';
import { ConnectorError } from '../../src/errors/errors.ts';
import { systemRandom } from '../../src/host/random.ts';
import type { Stage } from '../../src/runtime/stage/stage.ts';
import { DiscreteScheduler } from '../../src/testing/discrete-scheduler.ts';
import { startLoad } from '../../src/testing/simulation/load.ts';
import { plantStage } from '../../src/testing/simulation/plant-stage.ts';
import type { Plant, PlantReply } from '../../src/testing/simulation/plant.ts';
import { UNTUNED } from '../../src/testing/simulation/simulate.ts';
import type { Controller } from '../../src/tuning/controller.ts';

const PERIOD_MS = 100;
const REFUSED = new ConnectorError('plant', 'refused', { retryable: true, backPressure: true });

export interface Twin {
  /** Events confirmed per second after `fromMs`. */
  readonly perSecond: number;
  readonly settings: StageSettings;
  /** Calls refused over all. */
  readonly refusedRatio: number;
}

export interface TwinOptions {
  readonly seed?: number;
  readonly durationMs?: number;
  /** Counted from then on. */
  readonly fromMs?: number;
  /** The second one starts so much later. */
  readonly apartMs?: number;
}

interface Instance {
  readonly stage: Stage;
  readonly step: () => void;
  readonly result: () => Twin;
}

export async function simulateTwins<S>(
  plant: Plant,
  controller: Controller<S>,
  options: TwinOptions = {},
): Promise<readonly Twin[]> {
  const { seed = 1, durationMs = 30_000, fromMs = 10_000, apartMs = 0 } = options;
  const scheduler = new DiscreteScheduler();
  const random = systemRandom(seed);
  const call = callOf(plant, scheduler, random);
  const twins: Instance[] = [];
  const begin = (index: number): void => {
    const twin = instance(plant, controller, { scheduler, call, seed: seed + 10 * index, fromMs, durationMs });
    twins.push(twin);
    const period = (): void => {
      twin.step();
      scheduler.after(PERIOD_MS, period);
    };
    // Two engines do not step at the same moment.
    scheduler.after(PERIOD_MS - 37 * index, period);
  };
  begin(0);
  scheduler.after(apartMs, () => begin(1));
  await scheduler.runUntil(durationMs);
  return twins.map(({ result }) => result());
}

/** Jain's index: 1 where all have the same, 1/n where one has all. */
export function fairness(twins: readonly Twin[]): number {
  const sum = twins.reduce((total, { perSecond }) => total + perSecond, 0);
  return sum ** 2 / (twins.length * twins.reduce((total, { perSecond }) => total + perSecond ** 2, 0));
}

type Call = (events: number) => PromiseLike<undefined>;

function callOf({ service, servers = 1 }: Plant, scheduler: DiscreteScheduler, random: () => number): Call {
  const busy = new Float64Array(servers);
  const state: Record<string, number> = {};
  let inFlight = 0;
  return (events) => {
    inFlight += 1;
    const answer = service({ batch: events, inFlight, now: scheduler.now(), random, servers: busy, state });
    const reply: PlantReply = typeof answer === 'number' ? { durationMs: answer } : answer;
    return new Promise((resolve, reject) => {
      scheduler.after(reply.durationMs, () => {
        inFlight -= 1;
        if (reply.outcome === 'rejected') reject(REFUSED);
        else resolve(undefined);
      });
    });
  };
}

function instance<S>(
  plant: Plant,
  controller: Controller<S>,
  {
    scheduler,
    call,
    seed,
    fromMs,
    durationMs,
  }: {
    scheduler: DiscreteScheduler;
    call: Call;
    seed: number;
    fromMs: number;
    durationMs: number;
  },
): Instance {
  const goal: StageGoal = { p95Ms: plant.targetMs, goal: 'balanced', bounds: NATURAL_BOUNDS };
  let settings: StageSettings = UNTUNED;
  let state = controller.initial(settings, goal, seed);
  let [done, calls, refused] = [0, 0, 0];
  const ended = (): void => undefined;
  const stage = plantStage({ name: plant.name, call, ended, seed, scheduler, settings: () => settings });
  const random = systemRandom(seed + 1);
  const load = { scheduler, random, settings: () => settings, offered: () => undefined, whenEnded: () => undefined };
  startLoad(plant, stage, load);
  const step = (): void => {
    const observation = stage.observe();
    const stepped = controller.step(state, observation, settings, goal);
    state = stepped.state;
    settings = decided(settings, stepped.decisions);
    if (scheduler.now() <= fromMs) return;
    done += observation.done;
    calls += observation.calls;
    refused += observation.samples.filter(({ outcome }) => outcome === 'rejected').length;
  };
  const result = (): Twin => ({
    perSecond: (1000 * done) / (durationMs - fromMs),
    settings,
    refusedRatio: refused / Math.max(1, calls),
  });
  return { stage, step, result };
}
