/**
 * What a run opens before the first event: its checkpoint, its sinks, what is on disk, and the parts between them.
 *
 * Invariant (flow-run.test.ts): a run that cannot be opened leaves nothing open.
 */

import type { SinkContext, SinkWriter } from '../../event/sink.ts';
import type { SinkNode } from '../../flow/graph.ts';
import type { Plan } from '../../flow/plan.ts';
import { spillingStages } from '../../flow/spilling.ts';
import type { Checkpoint } from '../../state/checkpoint.ts';
import type { FlowControl } from '../control/flow-control.ts';
import type { Host } from '../host.ts';
import type { Inspection } from '../intake/inspection.ts';
import type { Spills } from '../stage/spill/spills.ts';
import type { Stage } from '../stage/stage.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { DeadLetters } from './dead-letters.ts';
import {
  buildTopology,
  closeSinks,
  openSinks,
  sinkStage,
  type Topology,
  type TopologyEnvironment,
} from './topology.ts';

export interface Opening {
  readonly plan: Plan;
  readonly host: Host;
  /** Where what outlives the process is kept; undefined: nowhere. */
  readonly data: string | undefined;
  readonly context: Omit<SinkContext, 'name' | 'resume' | 'transaction'>;
  readonly environment: Omit<TopologyEnvironment, 'spillOf' | 'inspection'>;
  readonly control: FlowControl;
  readonly checkpoints: Checkpoints | undefined;
  readonly deadLetters: DeadLetters;
  readonly deadLetterNode: SinkNode | undefined;
  /** Aborted = what is on disk is left there. */
  readonly suspended: AbortSignal;
}

export interface Opened {
  /** The run goes on from there. */
  readonly resume?: Checkpoint | undefined;
  readonly writers: ReadonlyMap<string, SinkWriter<never>>;
  readonly spills: Spills;
  /** Only where an earlier thread has died. */
  readonly inspection?: Inspection | undefined;
  readonly topology: Topology;
  readonly deadLetterStage?: Stage | undefined;
}

export const NOTHING_OPENED: Opened = {
  writers: new Map(),
  spills: new Map(),
  topology: { ingests: [], segments: [], stages: [] },
};

export async function openRun(opening: Opening): Promise<Opened> {
  const { plan, control, checkpoints } = opening;
  const resume = await checkpoints?.open();
  const writers = await openedSinks(opening, resume);
  let spills: Spills = new Map();
  try {
    const letters = deadLetterStage(opening, writers);
    await control.learned?.begin();
    spills = await openedSpills(opening, resume);
    const inspection = await inspected(opening, resume);
    if (inspection !== undefined) for (const spill of spills.values()) spill.inspectedBy(inspection);
    const environment = { ...opening.environment, inspection, spillOf: (stage: string) => spills.get(stage) };
    const topology = buildTopology(plan, writers, environment);
    checkpoints?.attach(topology, writers, spills);
    return { resume, writers, spills, inspection, topology, deadLetterStage: letters };
  } catch (cause) {
    for (const spill of spills.values()) await spill.close();
    await closeSinks(writers).catch(() => undefined); // why it could not be opened is what is said
    throw cause;
  }
}

function openedSinks(
  { plan, context, checkpoints, deadLetterNode }: Opening,
  resume: Checkpoint | undefined,
): ReturnType<typeof openSinks> {
  const sinks = sinksOf(plan);
  const { transaction } = checkpoints ?? {};
  return openSinks(
    deadLetterNode === undefined ? sinks : [...sinks, deadLetterNode],
    transaction === undefined ? context : { ...context, transaction },
    resume?.sinks ?? new Map<string, unknown>(),
  );
}

export function sinksOf(plan: Plan): readonly SinkNode[] {
  return plan.stages.map(({ node }) => node).filter((node): node is SinkNode => node.kind === 'sink');
}

function deadLetterStage(
  { deadLetterNode, environment, deadLetters }: Opening,
  writers: Opened['writers'],
): Stage | undefined {
  if (deadLetterNode === undefined) return undefined;
  const stage = sinkStage(deadLetterNode, 1, writers, { ...environment, spillOf: () => undefined });
  deadLetters.handTo(stage);
  return stage;
}

async function openedSpills(
  { plan, data, host, environment, suspended }: Opening,
  checkpoint: Checkpoint | undefined,
): Promise<Spills> {
  const hasLeft = (checkpoint?.spills?.size ?? 0) > 0;
  if (data === undefined || (spillingStages(plan).length === 0 && !hasLeft)) return new Map();
  return host.openSpills({ plan, data, checkpoint }, { ...environment, suspended });
}

function inspected(
  { host, environment, control }: Opening,
  checkpoint: Checkpoint | undefined,
): Promise<Inspection> | undefined {
  const { supervision } = host;
  if (supervision?.suspicion === undefined) return undefined;
  return host.inspection({ supervision, environment, checkpoint, steering: control.steering });
}
