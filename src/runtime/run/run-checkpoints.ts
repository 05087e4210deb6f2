import { transactionPlaceOf } from '../../flow/guarantee.ts';
import type { Plan } from '../../flow/plan.ts';
import { Checkpoints, type CheckpointsOptions } from './checkpoints.ts';
import type { Host } from '../host.ts';

/** What is done again after a crash, against what a checkpoint costs. */
const CHECKPOINT_MS = 10_000;
/** The same where outputs can be seen only after it. */
const COMMIT_MS = 1_000;

export interface RunCheckpointsOptions extends Pick<
  CheckpointsOptions,
  'flow' | 'notice' | 'inFlight' | 'isPaused' | 'fatal'
> {
  readonly plan: Plan;
  readonly data: string | undefined;
  /** As declared; undefined = as usual. */
  readonly everyMs: number | undefined;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** The checkpoints of a run: in the place of its transactions where a sink has one, else in its data directory, else none. */
export function runCheckpoints(options: RunCheckpointsOptions): Checkpoints | undefined {
  const { plan, data, host, signal, flow, notice, inFlight, isPaused, fatal } = options;
  const place = transactionPlaceOf(plan, data !== undefined);
  if (place === undefined && data === undefined) return undefined;
  const { scheduler } = host;
  const context = { flow, scheduler, signal, notice };
  const commitSoon = (): void => void checkpoints.take();
  const store =
    place === undefined
      ? host.checkpoints(data ?? '')
      : host.committedCheckpoints(() => place.open({ ...context, commitSoon }));
  const { everyMs = place === undefined ? CHECKPOINT_MS : COMMIT_MS } = options;
  const checkpoints = new Checkpoints({ ...context, store, everyMs, inFlight, isPaused, fatal });
  return checkpoints;
}
