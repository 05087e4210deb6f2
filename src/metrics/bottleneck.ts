/**
 * Where a flow is held up, found from one snapshot. Pure.
 *
 * The rules, in this order; the first that applies is the answer:
 * 1. The thread is busy all the time: `cpu`. Before all else, since a thread without time also makes
 *    the calls of stages look long and their queues full.
 * 2. A stage has all calls in flight nearly all the time *and* more waiting than they take away:
 *    `stage`. Of several the last in flow order: a stage that is stuck makes those before it look
 *    stuck, never those behind it. Slots in use without such a queue are no bottleneck: with natural
 *    batching they are the normal state under load.
 * 3. The queue of a stage is full although its calls are not busy: `stage` (a pause between calls, an
 *    open breaker, a queue too small).
 * 4. The process uses more CPU than its target although this thread has time left: `cpu`.
 * 5. Throughput is below target and no source is held back: `source`, it delivers no more.
 * 6. Latency is above target with nothing saturated: the calls themselves take that long: `stage`, or
 *    without stages `cpu`, the thread's turns.
 * 7. Memory is above its target: `memory`.
 * 8. Otherwise `none`.
 */

import { formatCount, formatMs, formatRate, formatRatio } from './format.ts';
import type { Bottleneck, OperatorSnapshot, SourceSnapshot, StageSnapshot } from './snapshot.ts';
import type { SystemMetrics } from './system-metrics.ts';
import { judge, type TargetName, type Targets } from './targets.ts';

/** A stage as the rules look at it. */
export type StageLoad = Pick<
  StageSnapshot,
  'name' | 'kind' | 'backlogEvents' | 'busyRatio' | 'latencyP95Ms' | 'settings'
> & {
  /** Share of the last interval in which the edge in front was full, 0..1. */
  readonly fullRatio: number;
};

/** Figures of the last interval, as a snapshot has them. */
export interface BottleneckInput {
  readonly system: SystemMetrics;
  readonly targets: Targets;
  /** Of the thread that the flow runs on, 0..1; null when not measured. */
  readonly loopUtilization: number | null;
  readonly sources: readonly Pick<SourceSnapshot, 'name' | 'heldRatio'>[];
  /** Their shares must be of one whole, the time of all operators, where there are several segments. */
  readonly operators: readonly Pick<OperatorSnapshot, 'name' | 'timeShare'>[];
  /** In flow order, sources to sinks. */
  readonly stages: readonly StageLoad[];
}

/** From here on a thread has no time left: the rest is noise of measuring. */
const THREAD_FULL = 0.95;
/** Calls that finish and start again leave small gaps; a stage this busy has no slot to spare. */
const STAGE_FULL = 0.9;
/** Shorter fillings of a queue are bursts, not a state. */
const QUEUE_FULL = 0.05;
/** As of here a source counts as held back. */
const HELD = 0.05;
/** An operator is named as the place when it takes at least this share of the operators' time. */
const DOMINANT = 0.5;

/** One sentence with the numbers it rests on. Cost: a few us. */
export function findBottleneck(input: BottleneckInput): Bottleneck {
  for (const rule of RULES) {
    const found = rule(input);
    if (found !== undefined) return found;
  }
  return nothingFound(input);
}

type Rule = (input: BottleneckInput) => Bottleneck | undefined;

const RULES: readonly Rule[] = [busyThread, busyStage, fullQueue, busyProcess, slowSource, slowCalls, muchMemory];

function busyThread({ loopUtilization, operators }: BottleneckInput): Bottleneck | undefined {
  if (loopUtilization === null || loopUtilization < THREAD_FULL) return undefined;
  const busy = `the thread is busy ${formatRatio(loopUtilization)} of the time`;
  const [top] = operators.toSorted((a, b) => (b.timeShare ?? 0) - (a.timeShare ?? 0));
  const share = top?.timeShare ?? null;
  if (top === undefined || share === null) return { where: 'cpu', kind: 'cpu', reason: `cpu: ${busy}` };
  const where = share >= DOMINANT ? `operator ${top.name}` : 'cpu';
  return {
    where,
    kind: 'cpu',
    reason: `cpu: ${busy}, operator ${top.name} takes ${formatRatio(share)} of the operators' time`,
  };
}

function busyStage({ stages }: BottleneckInput): Bottleneck | undefined {
  const stage = stages.findLast((candidate) => candidate.busyRatio >= STAGE_FULL && isOverrun(candidate));
  if (stage === undefined) return undefined;
  return stageIs(stage, `${callsInFlight(stage)}, ${queued(stage)}`);
}

function fullQueue({ stages }: BottleneckInput): Bottleneck | undefined {
  const stage = stages.findLast((candidate) => candidate.fullRatio >= QUEUE_FULL);
  if (stage === undefined) return undefined;
  const full = `the queue is full ${formatRatio(stage.fullRatio)} of the time`;
  return stageIs(stage, `${full} with ${callsInFlight(stage)}, ${queued(stage)}`);
}

function busyProcess(input: BottleneckInput): Bottleneck | undefined {
  if (!misses(input, 'cpu')) return undefined;
  const { cpu } = input.system.resource_utilization;
  const used = `the process uses ${formatRatio((cpu ?? 0) / 100)} of the CPU it may use`;
  const target = `the target is ${formatRatio(input.targets.cpu.target)}`;
  return { where: 'cpu', kind: 'cpu', reason: `cpu: ${used}, ${target}; ${threadOf(input)}` };
}

function slowSource(input: BottleneckInput): Bottleneck | undefined {
  const { sources, system, targets } = input;
  if (!misses(input, 'throughput') || sources.length === 0) return undefined;
  if (sources.some(({ heldRatio }) => heldRatio >= HELD)) return undefined;
  const [only] = sources;
  const where = only !== undefined && sources.length === 1 ? `source ${only.name}` : 'the sources';
  const [delivers, are] = sources.length === 1 ? ['delivers', 'is'] : ['deliver', 'are'];
  const { eps } = system.throughput;
  const rate = `${delivers} ${eps === 0 ? 'nothing now' : formatRate(eps)}`;
  const target = `the target is ${formatRate(targets.throughput.target)}`;
  return { where, kind: 'source', reason: `${where} ${rate} and ${are} not held back; ${target}` };
}

function slowCalls(input: BottleneckInput): Bottleneck | undefined {
  const missed = (['p95', 'avg'] as const).find((name) => misses(input, name));
  if (missed === undefined) return undefined;
  const { response_time: time } = input.system;
  const late = `${missed} is ${formatMs(time[missed])}, the target ${formatMs(input.targets[missed].target)}`;
  const [slowest] = input.stages.toSorted((a, b) => b.latencyP95Ms - a.latencyP95Ms);
  if (slowest === undefined) {
    return { where: 'cpu', kind: 'cpu', reason: `cpu: ${late}; no stage waits, ${threadOf(input)}` };
  }
  return stageIs(slowest, `${late}; no queue is full, ${callsInFlight(slowest)}: the calls themselves take that long`);
}

function muchMemory(input: BottleneckInput): Bottleneck | undefined {
  if (!misses(input, 'memory')) return undefined;
  const { memory } = input.system.resource_utilization;
  const used = `${formatRatio((memory ?? 0) / 100)} of what the process may use`;
  return {
    where: 'memory',
    kind: 'memory',
    reason: `memory: ${used}, the target is ${formatRatio(input.targets.memory.target)}`,
  };
}

function nothingFound(input: BottleneckInput): Bottleneck {
  const { throughput, response_time: time } = input.system;
  const p95 = time.p95 === null ? 'nothing confirmed yet' : `p95 ${formatMs(time.p95)}`;
  const figures = `${formatRate(throughput.eps)}, ${p95}, ${threadOf(input)}`;
  const held = Math.max(0, ...input.sources.map(({ heldRatio }) => heldRatio));
  const reason = misses(input, 'throughput')
    ? `nothing is saturated: ${figures}, sources held back ${formatRatio(held)} of it`
    : `keeping up: ${figures}`;
  return { where: 'nowhere', kind: 'none', reason };
}

function misses({ system, targets }: BottleneckInput, name: TargetName): boolean {
  const verdict = judge(system, targets)[name];
  return verdict === 'missed' || verdict === 'critical';
}

/** More waits than one round of full calls takes away, or the queue overflows. */
function isOverrun({ backlogEvents, fullRatio, settings }: StageLoad): boolean {
  return fullRatio >= QUEUE_FULL || backlogEvents > settings.batchLimit * settings.concurrency;
}

function stageIs(stage: StageLoad, evidence: string): Bottleneck {
  const where = `${stage.kind === 'sink' ? 'sink' : 'stage'} ${stage.name}`;
  return { where, kind: 'stage', reason: `${where}: ${evidence}` };
}

function callsInFlight({ busyRatio, settings: { concurrency } }: StageLoad): string {
  const busy = formatRatio(Math.min(1, busyRatio)); // over 1 while bursting
  if (concurrency === 1) return `its only call in flight ${busy} of the time`;
  const calls = `${formatCount(concurrency)} calls in flight`;
  return busyRatio >= STAGE_FULL ? `all ${calls} ${busy} of the time` : `${busy} of its ${calls}`;
}

function queued({ backlogEvents }: StageLoad): string {
  return `${formatCount(backlogEvents)} ${backlogEvents === 1 ? 'event' : 'events'} queued`;
}

function threadOf({ loopUtilization }: BottleneckInput): string {
  return loopUtilization === null
    ? 'how busy the thread is, is not known'
    : `the thread is busy ${formatRatio(loopUtilization)} of the time`;
}
