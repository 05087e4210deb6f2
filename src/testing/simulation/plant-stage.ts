import type { StageSettings } from '../../control/settings.ts';
import type { Taken } from '../../buffer/edge.ts';
import { systemRandom } from '../../host/random.ts';
import { EachStage } from '../../runtime/stage/each-stage.ts';
import { DEFAULT_TRIES } from '../../runtime/stage/failure/protection.ts';
import type { Stage, StageEnvironment } from '../../runtime/stage/stage.ts';
import { WaitingStage } from '../../runtime/stage/waiting-stage.ts';
import type { Scheduler } from '../../time/clock.ts';
import type { Plant } from './plant.ts';

export interface PlantStageOptions extends Pick<Plant, 'name' | 'mapAsync'> {
  /** Asks the plant; a promise, or what settles like one. */
  readonly call: (events: number) => unknown;
  /** So many events were confirmed, or given up. */
  readonly ended: (events: number) => void;
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly settings: () => StageSettings;
}

/** The engine's own stage, without a flow around it. Calls have no deadline; what ends the stage is thrown. */
export function plantStage({ name, mapAsync, call, ended, seed, scheduler, settings }: PlantStageOptions): Stage {
  const environment: StageEnvironment = {
    flow: 'simulation',
    scheduler,
    random: systemRandom(seed + 2),
    signal: new AbortController().signal,
    settings,
    deadLetter: () => ended(1),
    notice: () => undefined,
    fatal: (cause) => {
      throw cause instanceof Error ? cause : new Error(String(cause));
    },
  };
  const shared = {
    name,
    whenSlow: 'block',
    whenFailing: 'deadLetter',
    completed: (_: unknown, { parts }: Taken) => {
      let count = 0;
      for (const { origin, events } of parts) {
        origin.release();
        count += events;
      }
      ended(count);
      return undefined;
    },
    drained: () => undefined,
  } as const;
  if (mapAsync === undefined) {
    const ofBatches = {
      kind: 'sink',
      ordered: false,
      call: (events: readonly unknown[]) => call(events.length),
    } as const;
    return new WaitingStage({ ...shared, ...ofBatches }, environment, 1);
  }
  // Without it a `mapAsync` tries nothing again.
  const protection = { timeoutMs: Infinity, tries: DEFAULT_TRIES, hasBreaker: true };
  return new EachStage({ ...shared, ...mapAsync, fn: () => call(1), protection }, environment, 1);
}
