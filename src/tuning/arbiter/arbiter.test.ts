import { describe, expect, it } from 'vitest';
import type { AllotmentDecision } from './allotment.ts';
import { withCalls, NO_CALLS } from './call-cost.ts';
import {
  initialArbiter,
  redivided,
  stepArbiter,
  withoutBindingCaps,
  withPermits,
  allotmentsOf,
  type ArbiterGoal,
  type ArbiterState,
} from './arbiter.ts';
import type { CallSample } from '../../control/observation.ts';
import type { FlowGraph } from './flow-graph.ts';
import type { StageReport } from './stage-report.ts';

const ONE: FlowGraph = { sources: ['in'], stages: [{ name: 'a', work: 'io', inputs: ['in'] }] };
const CHAIN: FlowGraph = {
  sources: ['in'],
  stages: [
    { name: 'a', work: 'io', inputs: ['in'] },
    { name: 'b', work: 'io', inputs: ['a'] },
    { name: 'c', work: 'io', inputs: ['b'] },
  ],
};
const GOAL: ArbiterGoal = {
  p95Ms: 30,
  permits: Infinity,
  weights: { computation: 0.4, io: 0.3, network: 0.3 },
  concurrency: {},
};

function call(batch: number, durationMs: number): CallSample {
  return { batch, durationMs, outcome: 'ok', inFlightAtStart: 1, inFlightMean: 1, endedAt: 0 };
}

/** A stage that does 1,000 events a second at ease: 2 ms a call and 0.1 ms an event. */
function report(stage: string, over: Partial<StageReport> = {}): StageReport {
  const sizes = [5, 10, 15, 20, 25, 30];
  const samples = [...sizes, ...sizes, ...sizes].map((batch) => call(batch, 2 + 0.1 * batch));
  return {
    stage,
    durationMs: 5000,
    arrived: 5000,
    done: 5000,
    backlogEvents: 0,
    inFlightMean: 2,
    inFlight: 2,
    concurrency: 4,
    batchLimit: 20,
    busyRatio: 0.5,
    fullRatio: 0,
    p95Ms: 6,
    cost: withCalls(NO_CALLS, samples),
    ...over,
  };
}
const saturated = { busyRatio: 0.97, fullRatio: 0.5, backlogEvents: 500, inFlightMean: 3.9 };

/** As many slow periods of one kind. */
function stepped(
  graph: FlowGraph,
  state: ArbiterState,
  stages: readonly StageReport[],
  periods: number,
  over: {
    goal?: Partial<ArbiterGoal>;
    throughput?: number | ((state: ArbiterState) => number);
    isHeld?: boolean;
    from?: number;
  } = {},
) {
  const { isHeld = true, from = 0 } = over;
  const decisions: AllotmentDecision[] = [];
  for (let i = 1; i <= periods; i += 1) {
    const throughput = typeof over.throughput === 'function' ? over.throughput(state) : (over.throughput ?? 1000);
    const figures = { at: from + i * 5000, throughput, isHeld, p95Ms: 18 };
    const sources = [{ source: 'in', perSecond: throughput, isHeld }];
    const step = stepArbiter(graph, state, { figures, stages, sources }, { ...GOAL, ...over.goal });
    state = step.state;
    decisions.push(...step.decisions);
  }
  return { state, decisions, allotments: allotmentsOf(graph, state) };
}

describe('the arbiter', () => {
  it('gives a single stage everything, and never has anything to say', () => {
    for (const over of [{}, saturated]) {
      const { allotments, decisions } = stepped(ONE, initialArbiter(ONE, GOAL), [report('a', over)], 20);
      expect(allotments['a']?.budgetMs).toBeCloseTo(30);
      expect(allotments['a']?.maxCalls).toBe(Infinity);
      expect(decisions).toEqual([]);
    }
  });

  it('starts from equal shares, then from what calls take', () => {
    const start = initialArbiter(CHAIN, GOAL);
    expect(start.budgets).toEqual({ a: 10, b: 10, c: 10 });
    const slow = withCalls(NO_CALLS, new Array<CallSample>(20).fill(call(1, 8.4)));
    const { state, decisions } = stepped(CHAIN, start, [report('a'), report('b', { cost: slow }), report('c')], 1, {
      isHeld: false,
    });
    expect(state.budgets['b']).toBeCloseTo(20, 0);
    expect(decisions.map(({ stage }) => stage)).toEqual(['a', 'b', 'c']);
  });

  it('gives time to the stage that holds the flow up, and stops when the others need theirs', () => {
    const stages = [report('a', { p95Ms: 4 }), report('b', { ...saturated, p95Ms: 14 }), report('c', { p95Ms: 18 })];
    const throughput = ({ budgets }: ArbiterState) => 1000 * ((budgets['b'] ?? 0) / 10) ** 0.4;
    const { state, decisions } = stepped(CHAIN, initialArbiter(CHAIN, GOAL), stages, 40, { throughput });
    expect(state.budgets['b']).toBeGreaterThan(18);
    expect(state.budgets['a']).toBeGreaterThan(1.3 * 4 - 0.01);
    expect((state.budgets['a'] ?? 0) + (state.budgets['b'] ?? 0) + (state.budgets['c'] ?? 0)).toBeCloseTo(30);
    expect(decisions.length).toBeLessThan(40);
    expect(stepped(CHAIN, state, stages, 10, { throughput }).decisions).toEqual([]);
  });

  it('divides time anew when the work has moved, at once, and not for a little', () => {
    const { state } = stepped(CHAIN, initialArbiter(CHAIN, GOAL), [report('a'), report('b'), report('c')], 1);
    const costs = (heavy: string, factor: number) =>
      Object.fromEntries(
        ['a', 'b', 'c'].map((stage) => {
          const ms = (batch: number) => (2 + 0.1 * batch) * (stage === heavy ? factor : 1);
          const samples = [5, 10, 15, 20, 25, 30].flatMap((batch) => [call(batch, ms(batch)), call(batch, ms(batch))]);
          return [stage, withCalls(NO_CALLS, samples)];
        }),
      );
    expect(redivided(CHAIN, state, costs('b', 1.2), GOAL, 6000)).toMatchObject({ state, decisions: [] });
    const moved = redivided(CHAIN, state, costs('c', 4), GOAL, 7000);
    expect(moved.state.budgets['a']).toBeCloseTo(5);
    expect(moved.state.budgets['c']).toBeCloseTo(20);
    expect(moved.decisions.map(({ stage, reason }) => [stage, reason])).toEqual(
      ['a', 'b', 'c'].map((stage) => [stage, 'time goes where calls take it']),
    );
    expect(redivided(CHAIN, moved.state, costs('c', 4), GOAL, 8000).decisions).toEqual([]);
    const few = { ...costs('c', 4), a: NO_CALLS };
    expect(redivided(CHAIN, state, few, GOAL, 7000).decisions).toEqual([]);
  });

  it('takes a move back that did not do what it promised', () => {
    const stages = [report('a', { p95Ms: 4 }), report('b', { ...saturated, p95Ms: 14 }), report('c', { p95Ms: 18 })];
    const ready = stepped(CHAIN, initialArbiter(CHAIN, GOAL), stages, 1).state;
    const moved = stepped(CHAIN, ready, stages, 1);
    expect(moved.decisions.map(({ kind }) => kind)).toContain('move');
    const after = stepped(CHAIN, moved.state, stages, 2, { throughput: 800, from: 10_000 });
    expect(after.decisions.at(-1)?.kind).toBe('revert');
    expect(after.state.budgets).toEqual(ready.budgets);
  });

  it('does not let stages grow for load that will never pass', () => {
    const stages = [report('a'), report('b', { ...saturated, p95Ms: 14 }), report('c', { p95Ms: 18 })];
    const { state, allotments } = stepped(CHAIN, initialArbiter(CHAIN, GOAL), stages, 3);
    expect(state.pass?.bottleneck).toBe('b');
    expect(allotments['a']?.maxCalls).toBe(4); // half as much again as it uses, and one
    expect(allotments['b']?.maxCalls).toBe(Infinity);
    expect(allotments['c']?.maxCalls).toBe(Infinity);
  });

  it('lifts a cap when the stage behind takes more again, at once when it binds', () => {
    const stages = [report('a'), report('b', { ...saturated, p95Ms: 14 }), report('c', { p95Ms: 18 })];
    const { state } = stepped(CHAIN, initialArbiter(CHAIN, GOAL), stages, 3);
    expect(withoutBindingCaps(state, (stage) => stage === 'a').caps).toEqual({});
    expect(withoutBindingCaps(state, () => false)).toBe(state);
    expect(stepped(CHAIN, state, [report('a'), report('b'), report('c')], 1).state.caps).toEqual({});
  });

  it('shares permits from the first moment on, and moves them to the stage that needs them', () => {
    const goal = { ...GOAL, permits: 12 };
    const start = initialArbiter(CHAIN, goal);
    expect(start.grants).toEqual({ a: 4, b: 4, c: 4 });
    const idle = { inFlightMean: 0.5, concurrency: 1 };
    const stages = [report('a', idle), report('b', { ...saturated, concurrency: 4 }), report('c', idle)];
    const { state } = stepped(CHAIN, start, stages, 1, { goal });
    expect(state.grants?.['b']).toBeGreaterThanOrEqual(7);
    expect(Object.values(state.grants ?? {}).reduce((sum, grant) => sum + grant, 0)).toBe(12);
  });

  it('obeys another total at once', () => {
    const goal = { ...GOAL, permits: 12 };
    const state = withPermits(CHAIN, initialArbiter(CHAIN, goal), [], { ...goal, permits: 6 });
    expect(state.grants).toEqual({ a: 2, b: 2, c: 2 });
    expect(withPermits(CHAIN, state, [], GOAL).grants).toBeUndefined();
  });

  it('decides the same on the same reports, and leaves its state as it was', () => {
    const stages = [report('a'), report('b', saturated), report('c')];
    const start = initialArbiter(CHAIN, GOAL);
    const copy = structuredClone(start);
    expect(stepped(CHAIN, start, stages, 6)).toEqual(stepped(CHAIN, start, stages, 6));
    expect(start).toEqual(copy);
  });
});
