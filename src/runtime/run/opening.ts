/**
 * What a run opens before the first event: its checkpoint, its sinks, what is on disk, and the parts between them.
 *
 * Invariant (opening.test.ts): what is open is in `Opened` at any time, so that a run that cannot be opened is ended like any other.
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
import { buildTopology, openSinks, sinkStage, type Topology, type TopologyEnvironment } from './topology.ts';

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

/** Filled from the top down. */
export class Opened {
  /** The run goes on from there. */
  resume: Checkpoint | undefined;
  writers: ReadonlyMap<string, SinkWriter<never>> = new Map();
  deadLetterStage: Stage | undefined;
  spills: Spills = new Map();
  /** Only where an earlier thread has died. */
  inspection: Inspection | undefined;
  topology: Topology = { ingests: [], segments: [], stages: [] };
}

/** @throws what cannot be opened fails with; what is open by then is in `opened` */
export async function openRun(opening: Opening, opened: Opened): Promise<void> {
  const { plan, control, checkpoints } = opening;
  opened.resume = await checkpoints?.open();
  opened.writers = await openedSinks(opening, opened.resume);
  opened.deadLetterStage = deadLetterStage(opening, opened.writers);
  await control.learned?.begin();
  opened.spills = await openedSpills(opening, opened.resume);
  opened.inspection = await inspected(opening, opened.resume);
  const { writers, spills, inspection } = opened;
  if (inspection !== undefined) for (const spill of spills.values()) spill.inspectedBy(inspection);
  const environment = { ...opening.environment, inspection, spillOf: (stage: string) => spills.get(stage) };
  opened.topology = buildTopology(plan, writers, environment);
  checkpoints?.attach(opened.topology, writers, spills);
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
