import type { StageSettings } from '../../control/settings.ts';
import { systemRandom } from '../../host/random.ts';
import { WaitingStage, type WaitingStageOptions } from '../../runtime/stage/waiting-stage.ts';
import type { Scheduler } from '../../time/clock.ts';

export interface PlantStageOptions extends Pick<WaitingStageOptions, 'name' | 'call'> {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly settings: () => StageSettings;
}

/** The engine's own stage for a sink, without a flow around it. Calls have no deadline; what ends the stage is thrown. */
export function plantStage({ name, call, seed, scheduler, settings }: PlantStageOptions): WaitingStage {
  return new WaitingStage(
    {
      name,
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
