/**
 * Builds the running parts of a planned flow and wires them: ingests -> segments -> stages -> segments -> ...
 *
 * Invariants
 * - Built from the sinks upwards, so each part knows its targets when it is made.
 * - Closing follows the wiring: a part closes what it feeds once its own inputs have all closed.
 */

import { ConnectorError, messageOf } from '../../errors/errors.ts';
import { Origin } from '../../event/origin.ts';
import type { SinkContext, SinkWriter, WriteOptions } from '../../event/sink.ts';
import type { Taken } from '../../buffer/edge.ts';
import type { Plan, PlannedStage, TargetRef } from '../../flow/plan.ts';
import type { SinkNode, StageNode, StageOptions } from '../../flow/graph.ts';
import { compileSegment } from '../../fusion/compile.ts';
import { batchCall } from '../stage/batch-call.ts';
import { EachStage } from '../stage/each-stage.ts';
import { DEFAULT_TRIES, type ProtectionOptions } from '../stage/failure/protection.ts';
import { DEFAULT_MAX_MS } from '../../resilience/call-timeout.ts';
import { durationMs } from '../../time/duration.ts';
import { Ingest, type IngestEnvironment } from '../intake/ingest.ts';
import { SegmentRunner, type SegmentEnvironment } from '../intake/segment-runner.ts';
import type { Spill } from '../stage/spill/spill.ts';
import type { Stage, StageEnvironment } from '../stage/stage.ts';
import type { Target } from '../stage/target.ts';
import { WaitingStage } from '../stage/waiting-stage.ts';

export interface TopologyEnvironment extends Omit<StageEnvironment, 'settings'>, IngestEnvironment, SegmentEnvironment {
  readonly generateCode: boolean;
  readonly settingsOf: (stage: string) => StageEnvironment['settings'];
  /** Numbers of a source, by its place in the plan (`TOTALS`). */
  readonly totalsOf: (source: number) => Float64Array;
  readonly spillOf: (stage: string) => Spill | undefined;
  /** A sink has taken everything it will get. */
  readonly sinkDrained: (name: string) => void;
}

export interface Topology {
  readonly ingests: readonly Ingest[];
  readonly segments: readonly SegmentRunner[];
  readonly stages: readonly Stage[];
}

/** @param writers - the open sinks, by name */
export function buildTopology(
  plan: Plan,
  writers: ReadonlyMap<string, SinkWriter<never>>,
  environment: TopologyEnvironment,
): Topology {
  const segments = new Array<SegmentRunner>(plan.segments.length);
  const stages = new Array<Stage>(plan.stages.length);
  const target = ({ kind, index }: TargetRef): Target => (kind === 'segment' ? segment(index) : stage(index));

  const segment = (index: number): SegmentRunner => {
    const planned = plan.segments[index];
    if (planned === undefined) throw new RangeError(`no segment ${index}`);
    segments[index] ??= new SegmentRunner(
      planned.name,
      compileSegment(planned.roots, planned.leaves.length, { ...environment, clock: environment.scheduler }),
      planned.leaves.map(target),
      environment,
      planned.inputs,
    );
    return segments[index];
  };

  const stage = (index: number): Stage => {
    const planned = plan.stages[index];
    if (planned === undefined) throw new RangeError(`no stage ${index}`);
    stages[index] ??=
      planned.node.kind === 'sink'
        ? sinkStage(planned.node, planned.inputs, writers, environment)
        : asyncStage(planned, planned.node, segment(planned.output ?? -1), environment);
    return stages[index];
  };

  const ingests = plan.sources.map(({ node, segment: to, fields, keyField }, index) => {
    const { name, source, schema } = node;
    return new Ingest(
      {
        name,
        source,
        schema,
        fields,
        keyField,
        generateCode: environment.generateCode,
        totals: environment.totalsOf(index),
      },
      segment(to),
      environment,
    );
  });
  plan.stages.forEach((_, index) => stage(index));
  return { ingests, segments, stages };
}

/** A stage that writes to an open sink. */
export function sinkStage(
  { name, options, sink }: Pick<SinkNode, 'name' | 'options' | 'sink'>,
  inputs: number,
  writers: ReadonlyMap<string, SinkWriter<never>>,
  environment: TopologyEnvironment,
): Stage {
  const writer = writers.get(name);
  if (writer === undefined) throw new RangeError(`sink ${name} is not open`);
  return new WaitingStage(
    {
      name,
      kind: 'sink',
      ordered: false,
      call: (events, writeOptions) => writer.write(events as readonly never[], writeOptions),
      whenSlow: environment.spillOf(name) ?? (options.whenSlow === 'drop' ? 'drop' : 'block'),
      whenFailing: options.whenFailing ?? 'deadLetter',
      protection: protectionFor(sink.deadline === false ? { timeout: false, ...options } : options),
      completed: (_result, { parts }, at) => {
        for (let i = 0; i < parts.length; i += 1) parts[i]?.origin.release(1, at);
        return undefined;
      },
      drained: () => environment.sinkDrained(name),
    },
    { ...environment, settings: environment.settingsOf(name) },
    inputs,
  );
}

function protectionFor({
  timeout = DEFAULT_MAX_MS,
  tries = DEFAULT_TRIES,
  breaker = true,
}: StageOptions): ProtectionOptions {
  const timeoutMs = timeout === false ? Infinity : durationMs(timeout, 'timeout');
  return { timeoutMs, tries, hasBreaker: breaker };
}

function asyncStage(
  { inputs }: PlannedStage,
  { name, stage, options }: StageNode,
  output: SegmentRunner,
  topology: TopologyEnvironment,
): Stage {
  const environment = { ...topology, settings: topology.settingsOf(name) };
  const shared = {
    name,
    whenSlow: topology.spillOf(name) ?? ('whenSlow' in options && options.whenSlow === 'drop' ? 'drop' : 'block'),
    whenFailing: options.whenFailing ?? 'deadLetter',
    protection: protectionFor(options),
    completed: (events: unknown, taken: Taken) => handOn(events as readonly unknown[], taken, output),
    drained: () => output.close(),
  } as const;
  if (stage.kind === 'mapAsync') {
    const fn = stage.fn as (event: unknown, options: WriteOptions) => unknown;
    return new EachStage({ ...shared, fn, ordered: stage.ordered }, environment, inputs);
  }
  const ordered = stage.kind === 'rateLimit' || stage.ordered;
  const call = batchCall(name, stage, topology.scheduler);
  const { protection, ...pace } = shared;
  const own = stage.kind === 'rateLimit' ? pace : { ...pace, protection }; // a pace neither fails nor is late
  return new WaitingStage({ ...own, kind: 'async', ordered, call }, environment, inputs);
}

/** Passes results on as one slice whose origin stands for all the origins of the call. */
function handOn(events: readonly unknown[], taken: Taken, output: SegmentRunner): undefined | Promise<void> {
  const origin = joined(taken);
  if (events.length === 0) {
    origin.release();
    return undefined;
  }
  return output.write({ events, start: 0, end: events.length, bytes: taken.bytes, origin });
}

function joined({ parts, events, acceptedAt }: Taken): Origin {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first.origin;
  const { partition, endOffset } = first?.origin ?? { partition: '', endOffset: 0 };
  const settled = ({ rejection }: Origin): void => {
    for (const { origin } of parts) {
      if (rejection === undefined) origin.release();
      else origin.reject(rejection.cause);
    }
  };
  return new Origin(partition, endOffset, events.length, acceptedAt, settled, parts);
}

/** Opens every sink before anything is read. @throws ConnectorError naming the sink; those already open are closed */
export async function openSinks(
  sinks: readonly SinkNode[],
  { transaction, ...context }: Omit<SinkContext, 'name' | 'resume'>,
  resume: ReadonlyMap<string, unknown>,
): Promise<Map<string, SinkWriter<never>>> {
  const writers = new Map<string, SinkWriter<never>>();
  for (const { name, sink } of sinks) {
    try {
      const own = resume.has(name) ? { resume: resume.get(name) } : {};
      const joined = sink.transaction === undefined || transaction === undefined ? {} : { transaction };
      writers.set(name, await sink.open({ ...context, name, ...own, ...joined }));
    } catch (cause) {
      await closeSinks(writers).catch(() => undefined);
      throw cause instanceof ConnectorError ? cause : new ConnectorError(name, messageOf(cause), { cause });
    }
  }
  return writers;
}

/** Closes all of them, then throws the first failure. */
export async function closeSinks(writers: ReadonlyMap<string, SinkWriter<never>>): Promise<void> {
  const results = await Promise.allSettled([...writers.values()].map(async (writer) => writer.close?.()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
