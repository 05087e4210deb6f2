/** Everything that steers a run: its settings, who may move them, who does, and the log of it. */

import type { Decision, KnobChange } from '../../control/decision.ts';
import type { DecisionRecord } from '../../control/decision-record.ts';
import { Settings } from '../../control/settings.ts';
import { fixedBy, NOTHING_FIXED } from '../../energy/energy-config.ts';
import { EnergyBudget, type Energy } from '../../energy/energy.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { Pin, RunnableFlow, RunOptions } from '../../flow/run.ts';
import { ResourceStrategy } from '../../resource/resource-strategy.ts';
import type { FlowGraph } from '../../tuning/arbiter/flow-graph.ts';
import type { Controller } from '../../tuning/controller.ts';
import { stageSolver } from '../../tuning/solver/solver.ts';
import { coldStart } from './cold-start.ts';
import { ControlLoop, measuredOf } from './control-loop.ts';
import { controlledStage, type ControlledNode, type ControlledStage, type Restriction } from './controlled-stage.ts';
import { DecisionLog } from './decision-log.ts';
import { energyTarget } from './energy-target.ts';
import type { FlowTotals } from '../flow-reports.ts';
import type { Host } from '../host.ts';
import { Learned, learnedKey } from './learned.ts';
import { pinsOf } from './pins.ts';
import { Sharing } from './sharing.ts';
import { Steering } from './steering.ts';

export interface FlowControlOptions {
  /** All stages that wait, the dead-letter stage included. */
  readonly stages: readonly ControlledNode[];
  readonly graph: FlowGraph;
  /** What the flow has done so far. */
  readonly totals: () => FlowTotals;
  readonly flow: Pick<RunnableFlow, 'name' | 'targets' | 'goal' | 'resources' | 'energy'>;
  readonly run: Pick<RunOptions, 'tuning' | 'seed' | 'learned' | 'resources' | 'energy'>;
  readonly host: Host;
  readonly controller: Controller<unknown> | undefined;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
  readonly decided: (record: DecisionRecord) => void;
  readonly ended: (record: DecisionRecord) => void;
}

/** Observers outside the run read this channel of `node:diagnostics_channel`. */
export const DECISION_CHANNEL = 'daoflow:decision';

export interface FlowControl {
  readonly settings: Settings;
  readonly steering: Steering;
  readonly log: DecisionLog;
  readonly loop: ControlLoop;
  readonly sharing: Sharing;
  readonly energy: Energy;
  readonly pins: () => Pin[];
  /** Undefined where nothing is kept, or nothing moves. */
  readonly learned: Learned | undefined;
}

/** @throws ConfigError when a stage's options contradict the limits of its target */
export function flowControl(options: FlowControlOptions): FlowControl {
  const { flow, run, host, controller, notice } = options;
  const { scheduler } = host;
  const mode = run.tuning ?? 'auto';
  const tuner = controller ?? stageSolver;
  const settings = new Settings();
  const stages = options.stages.map((node) => {
    const stage = controlledStage(flow.name, node);
    settings.declare(stage.name, coldStart(node, stage, host.edgeEvents, mode === 'auto'));
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
  const declared = run.energy ?? flow.energy;
  const energyPath = run.energy === undefined ? `flow.${flow.name}.energy` : 'run.energy';
  let fixed = fixedBy(declared, NOTHING_FIXED, energyPath);
  const strategy = strategyOf(options, stages, settings);
  const measuredAt = (stage: string) => measuredOf(loop.observations().find((each) => each.stage === stage));
  const steering = new Steering(
    stages,
    settings,
    (stage, changes, reason) => log.add(pinned(stage, changes, reason, scheduler.now()), measuredAt(stage)),
    (stage) => limitOf(stage, stages, strategy),
  );
  const sharing = new Sharing({
    graph: options.graph,
    stages,
    settings,
    boundsOf: (stage) => steering.boundsOf(stage),
    isFrozen: () => steering.isFrozen,
    mode,
    p95Ms: flow.targets.p95.target,
    memoryTarget: Math.min(flow.targets.memory.target, strategy.limits.memory ?? 1),
    cpuCritical: flow.targets.cpu.critical,
    strategy,
    fixed: () => fixed,
    resources: host.resources,
    hasWishes: tuner.knobs.includes('edgeEvents'),
    decided: (decision) => log.add(decision, measuredAt(decision.stage)),
    notice,
  });
  const loop: ControlLoop = new ControlLoop({
    stages,
    settings,
    sharing,
    totals: options.totals,
    log,
    controller: tuner,
    mode,
    latency: { avgMs: flow.targets.avg.target, p95Ms: flow.targets.p95.target },
    goal: flow.goal,
    seed: run.seed ?? Math.floor(host.random()() * 2 ** 31),
    scheduler,
    notice,
  });
  const inGraph = stages.filter(({ name }) => options.graph.stages.some((each) => each.name === name));
  const target = energyTarget({
    stages: inGraph,
    steering,
    sharing,
    fixed: (next) => {
      fixed = next;
      return settings.version;
    },
    nextPeriod: () => loop.nextPeriod(),
  });
  const energy = new EnergyBudget(target);
  energy.begin(declared, energyPath);
  const learned = mode === 'auto' ? learnedOf(options, stages, settings, steering, loop) : undefined;
  const pins = () => pinsOf(stages, steering, (stage, bounds) => loop.outlook(stage, bounds));
  return { settings, steering, log, loop, sharing, energy, pins, learned };
}

function learnedOf(
  { run, flow, host, notice, stages: nodes }: FlowControlOptions,
  stages: readonly ControlledStage[],
  settings: Settings,
  steering: Steering,
  loop: ControlLoop,
): Learned | undefined {
  if (run.learned === undefined) return undefined;
  const goal = { goal: flow.goal, p95Ms: flow.targets.p95.target };
  return new Learned({
    flow: flow.name,
    store: typeof run.learned === 'string' ? host.keptFile(run.learned) : run.learned,
    stages,
    keys: new Map(stages.map((stage, i) => [stage.name, learnedKey(nodes[i] as ControlledNode, stage, goal)])),
    settings,
    boundsOf: (stage) => steering.boundsOf(stage),
    observations: () => loop.observations(),
    scheduler: host.scheduler,
    notice,
  });
}

/** @throws ConfigError when the limit of calls in flight is below what the stages need at least */
function strategyOf(
  { flow, run }: FlowControlOptions,
  stages: readonly ControlledStage[],
  settings: Settings,
): ResourceStrategy {
  const path = run.resources === undefined ? `flow.${flow.name}.resources` : 'run.resources';
  const input = run.resources ?? flow.resources;
  const scaled = new ResourceStrategy(input, Infinity, path).isScaled;
  const cold = stages.reduce((sum, { name }) => sum + settings.get(name).concurrency, 0);
  const strategy = new ResourceStrategy(input, scaled ? cold : Infinity, path);
  const { io } = strategy.limits;
  const least = stages.reduce((sum, stage) => sum + leastCalls(stage), 0);
  if (io !== undefined && io < least) {
    throw new ConfigError(`${path}.limits.io`, `at least ${least}, what ${stages.length} stages need`, io);
  }
  return strategy;
}

/** What the limit of calls in flight leaves to one stage, when all others have their least. */
function limitOf(
  stage: ControlledStage,
  stages: readonly ControlledStage[],
  { limits }: ResourceStrategy,
): Restriction[] {
  if (limits.io === undefined) return [];
  const others = stages.filter((other) => other !== stage).reduce((sum, other) => sum + leastCalls(other), 0);
  const bound = { min: 0, max: limits.io - others };
  const by = `what the limit of ${limits.io} calls in flight leaves (resources.limits.io)`;
  return [
    { knob: 'concurrency', bound, by },
    { knob: 'burstConcurrency', bound, by },
  ];
}

/** Its pin, else one. */
function leastCalls({ bounds: { concurrency } }: ControlledStage): number {
  return concurrency.min === concurrency.max ? concurrency.max : 1;
}

function pinned(stage: string, changes: readonly KnobChange[], reason: string, at: number): Decision {
  return { kind: 'pin', stage, at, changes, reason, evidence: {} };
}
