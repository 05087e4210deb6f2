import { describe, expect, it } from 'vitest';

import { findBottleneck, type BottleneckInput, type StageLoad } from './bottleneck.ts';
import type { Bottleneck } from './snapshot.ts';
import { GUIDE_TARGETS } from './targets.ts';

interface Case {
  readonly name: string;
  readonly input: Change;
  readonly expected: Bottleneck;
}

/** What differs from a flow that meets all targets with room to spare. */
interface Change {
  readonly eps?: number;
  readonly avg?: number | null;
  readonly p95?: number | null;
  readonly cpu?: number | null;
  readonly memory?: number | null;
  readonly loop?: number | null;
  readonly held?: readonly number[];
  readonly operators?: BottleneckInput['operators'];
  readonly stages?: readonly StageLoad[];
}

const CASES: readonly Case[] = [
  {
    name: 'nothing, when targets are met and nothing is saturated',
    input: {},
    expected: {
      where: 'nowhere',
      kind: 'none',
      reason: 'keeping up: 120K/s, p95 8.4 ms, the thread is busy 40 % of the time',
    },
  },
  {
    name: 'nothing, when a stage uses all its slots but its queue is short: natural batching',
    input: { stages: [stage({ busyRatio: 0.99, backlogEvents: 2048 })] },
    expected: {
      where: 'nowhere',
      kind: 'none',
      reason: 'keeping up: 120K/s, p95 8.4 ms, the thread is busy 40 % of the time',
    },
  },
  {
    name: 'a stage whose queue is longer than a round of full calls',
    input: { stages: [stage({ busyRatio: 0.97, backlogEvents: 12_400 })] },
    expected: {
      where: 'sink alerts',
      kind: 'stage',
      reason: 'sink alerts: all 8 calls in flight 97 % of the time, 12,400 events queued',
    },
  },
  {
    name: 'a stage with one call whose queue is full',
    input: { stages: [stage({ concurrency: 1, busyRatio: 1.4, backlogEvents: 1, fullRatio: 0.05 })] },
    expected: {
      where: 'sink alerts',
      kind: 'stage',
      reason: 'sink alerts: its only call in flight 100 % of the time, 1 event queued',
    },
  },
  {
    name: 'the last of several saturated stages, since it makes the others wait',
    input: {
      stages: [
        stage({ name: 'enrich', kind: 'async', busyRatio: 1, fullRatio: 0.9 }),
        stage({ busyRatio: 0.9, fullRatio: 0.2 }),
        stage({ name: 'archive', busyRatio: 0.3 }),
      ],
    },
    expected: {
      where: 'sink alerts',
      kind: 'stage',
      reason: 'sink alerts: all 8 calls in flight 90 % of the time, 0 events queued',
    },
  },
  {
    name: 'the thread before any stage, since a thread without time makes stages look slow',
    input: {
      loop: 0.95,
      stages: [stage({ busyRatio: 1, fullRatio: 0.9 })],
      operators: [
        { name: 'a', timeShare: 0.2 },
        { name: 'parse', timeShare: 0.61 },
      ],
    },
    expected: {
      where: 'operator parse',
      kind: 'cpu',
      reason: "cpu: the thread is busy 95 % of the time, operator parse takes 61 % of the operators' time",
    },
  },
  {
    name: 'the thread without a place, when no operator dominates',
    input: {
      loop: 1,
      operators: [
        { name: 'a', timeShare: 0.4 },
        { name: 'b', timeShare: 0.3 },
      ],
    },
    expected: {
      where: 'cpu',
      kind: 'cpu',
      reason: "cpu: the thread is busy 100 % of the time, operator a takes 40 % of the operators' time",
    },
  },
  {
    name: 'the thread alone, when operators have not been timed',
    input: { loop: 1, operators: [{ name: 'a', timeShare: null }] },
    expected: { where: 'cpu', kind: 'cpu', reason: 'cpu: the thread is busy 100 % of the time' },
  },
  {
    name: 'a full queue in front of calls that are not busy',
    input: {
      stages: [stage({ kind: 'async', name: 'enrich', busyRatio: 0.12, fullRatio: 0.62, backlogEvents: 2000 })],
    },
    expected: {
      where: 'stage enrich',
      kind: 'stage',
      reason:
        'stage enrich: the queue is full 62 % of the time with 12 % of its 8 calls in flight, 2,000 events queued',
    },
  },
  {
    name: 'the process, when other threads use the CPU',
    input: { cpu: 82 },
    expected: {
      where: 'cpu',
      kind: 'cpu',
      reason:
        'cpu: the process uses 82 % of the CPU it may use, the target is 70 %; the thread is busy 40 % of the time',
    },
  },
  {
    name: 'a source that delivers too little',
    input: { eps: 40_000, held: [0.01] },
    expected: {
      where: 'source tcp0',
      kind: 'source',
      reason: 'source tcp0 delivers 40.0K/s and is not held back; the target is 100K/s',
    },
  },
  {
    name: 'sources that deliver nothing yet',
    input: { eps: 0, avg: null, p95: null, cpu: null, memory: null, loop: null, held: [0, 0] },
    expected: {
      where: 'the sources',
      kind: 'source',
      reason: 'the sources deliver nothing now and are not held back; the target is 100K/s',
    },
  },
  {
    name: 'slow calls, when latency is missed and nothing is saturated',
    input: {
      p95: 45,
      stages: [stage({ busyRatio: 0.2, latencyP95Ms: 45 }), stage({ name: 'archive', latencyP95Ms: 12 })],
    },
    expected: {
      where: 'sink alerts',
      kind: 'stage',
      reason:
        'sink alerts: p95 is 45.0 ms, the target 30.0 ms; no queue is full, 20 % of its 8 calls in flight: the calls themselves take that long',
    },
  },
  {
    name: 'the thread, when latency is missed without any stage',
    input: { avg: 12, stages: [] },
    expected: {
      where: 'cpu',
      kind: 'cpu',
      reason: 'cpu: avg is 12.0 ms, the target 10.0 ms; no stage waits, the thread is busy 40 % of the time',
    },
  },
  {
    name: 'memory, when all else is met',
    input: { memory: 91.2 },
    expected: {
      where: 'memory',
      kind: 'memory',
      reason: 'memory: 91 % of what the process may use, the target is 75 %',
    },
  },
  {
    name: 'not found, when a source is held back while nothing is saturated',
    input: { eps: 90_000, held: [0, 0.3], p95: null, avg: null, loop: null },
    expected: {
      where: 'nowhere',
      kind: 'none',
      reason:
        'nothing is saturated: 90.0K/s, nothing confirmed yet, how busy the thread is, is not known, sources held back 30 % of it',
    },
  },
];

describe('the bottleneck is', () => {
  it.each(CASES)('$name', ({ input, expected }) => {
    expect(findBottleneck(flowWith(input))).toEqual(expected);
  });
});

function flowWith(change: Change): BottleneckInput {
  const { eps = 120_000, avg = 3, p95 = 8.4, cpu = 30, memory = 20, loop = 0.4 } = change;
  return {
    system: {
      response_time: { avg, p95, p99: p95 },
      throughput: { eps, bps: eps * 100 },
      resource_utilization: { cpu, memory, io_wait: null },
    },
    targets: GUIDE_TARGETS,
    loopUtilization: loop,
    sources: (change.held ?? [0]).map((heldRatio, i) => ({ name: `tcp${i}`, heldRatio })),
    operators: change.operators ?? [],
    stages: change.stages ?? [stage({})],
  };
}

function stage(change: Partial<Omit<StageLoad, 'settings'>> & { readonly concurrency?: number }): StageLoad {
  const { concurrency = 8, ...load } = change;
  return {
    name: 'alerts',
    kind: 'sink',
    backlogEvents: 0,
    busyRatio: 0,
    fullRatio: 0,
    latencyP95Ms: 5,
    ...load,
    settings: {
      batchLimit: 256,
      concurrency,
      burstConcurrency: concurrency,
      burstAgeMs: 10,
      lingerMs: 0,
      minGapMs: 0,
      edgeEvents: 4096,
      edgeBytes: 1e6,
    },
  };
}
