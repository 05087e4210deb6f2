/** Everything that steers a run: its settings, who may move them, who does, and the log of it. */

import type { Decision, KnobChange } from '../control/decision.ts';
import type { DecisionRecord } from '../control/decision-record.ts';
import { Settings } from '../control/settings.ts';
import type { PlannedStage } from '../flow/plan.ts';
import type { RunnableFlow, RunOptions } from '../flow/run.ts';
import type { Controller } from '../tuning/controller.ts';
import { stageSolver } from '../tuning/solver/solver.ts';
import { coldStart } from './cold-start.ts';
import { ControlLoop, measuredOf } from './control-loop.ts';
import { controlledStage } from './controlled-stage.ts';
import { DecisionLog } from './decision-log.ts';
import type { Host } from './host.ts';
import { Steering } from './steering.ts';

export interface FlowControlOptions {
  /** All stages that wait, the dead-letter stage included. */
  readonly stages: readonly Pick<PlannedStage, 'node'>[];
  readonly flow: Pick<RunnableFlow, 'name' | 'targets' | 'goal'>;
  readonly run: Pick<RunOptions, 'tuning' | 'seed'>;
  readonly host: Host;
  readonly controller: Controller<unknown> | undefined;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
  readonly decided: (record: DecisionRecord) => void;
  readonly ended: (record: DecisionRecord) => void;
}

/** Observers outside the run read this channel of `node:diagnostics_channel`. */
export const DECISION_CHANNEL = 'daoflow:decision';

/** @throws ConfigError when a stage's options contradict the limits of its target */
export function flowControl(options: FlowControlOptions): {
  readonly settings: Settings;
  readonly steering: Steering;
  readonly log: DecisionLog;
  readonly loop: ControlLoop;
} {
  const { flow, run, host, controller, notice } = options;
  const { scheduler } = host;
  const mode = run.tuning ?? 'auto';
  const settings = new Settings();
  const stages = options.stages.map((planned) => {
    const stage = controlledStage(flow.name, planned);
    settings.declare(stage.name, coldStart(planned, stage, host.edgeEvents, mode === 'auto'));
    return stage;
  });
  const publish = (decision: DecisionRecord): void => host.publish(DECISION_CHANNEL, { flow: flow.name, decision });
  const log = new DecisionLog(scheduler, {
    decided: (record) => {
      publish(record);
      options.decided(record);
    },
    ended: (record) => {
      publish(record);
      options.ended(record);
    },
  });
  const steering = new Steering(stages, settings, (stage, changes, reason) => {
    const observed = loop.observations().find((each) => each.stage === stage);
    log.add(pinned(stage, changes, reason, scheduler.now()), measuredOf(observed));
  });
  const loop = new ControlLoop({
    stages,
    settings,
    steering,
    log,
    controller: controller ?? stageSolver,
    mode,
    goal: flow.goal,
    p95Ms: flow.targets.p95.target,
    seed: run.seed ?? Math.floor(host.random()() * 2 ** 31),
    scheduler,
    notice,
  });
  return { settings, steering, log, loop };
}

function pinned(stage: string, changes: readonly KnobChange[], reason: string, at: number): Decision {
  return { kind: 'pin', stage, at, changes, reason, evidence: {} };
}
