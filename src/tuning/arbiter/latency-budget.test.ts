import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathsOf, type FlowGraph, type GraphStage } from './flow-graph.ts';
import { moveBudget, startBudgets, type Budgets, type StageTime } from './latency-budget.ts';

const stage = (name: string, ...inputs: string[]): GraphStage => ({ name, work: 'io', inputs });
const CHAIN: FlowGraph = { sources: ['in'], stages: [stage('a', 'in'), stage('b', 'a'), stage('c', 'b')] };
/** in -> a -> b, a -> c -> d, in -> d */
const DIAMOND: FlowGraph = {
  sources: ['in'],
  stages: [stage('a', 'in'), stage('b', 'a'), stage('c', 'a'), stage('d', 'c', 'in')],
};

const sums = (graph: FlowGraph, budgets: Budgets) =>
  (pathsOf(graph) ?? []).map((path) => path.reduce((sum, name) => sum + (budgets[name] ?? 0), 0));
const time = (name: string, over: Partial<StageTime> = {}): StageTime => ({
  stage: name,
  leastMs: 1,
  spentMs: 3,
  gainPerMs: 0,
  ...over,
});

describe('the latency budget', () => {
  it('starts in proportion to what each stage must spend', () => {
    expect(startBudgets(CHAIN, pathsOf(CHAIN), { a: 1, b: 2, c: 3 }, 30)).toEqual({ a: 5, b: 10, c: 15 });
    expect(startBudgets(CHAIN, pathsOf(CHAIN), {}, 30)).toEqual({ a: 10, b: 10, c: 10 });
    expect(startBudgets(CHAIN, pathsOf(CHAIN), { a: 0, b: 0, c: 0 }, 30)).toEqual({ a: 10, b: 10, c: 10 });
  });

  it('gives a single stage all of it', () => {
    const one: FlowGraph = { sources: ['in'], stages: [stage('a', 'in')] };
    expect(startBudgets(one, pathsOf(one), { a: 4 }, 30)).toEqual({ a: 30 });
  });

  it('moves 5 % of the target to the stage that gains most, from the one that loses least', () => {
    const budgets = { a: 10, b: 10, c: 10 };
    const times = [time('a', { spentMs: 6 }), time('b', { gainPerMs: 0.1 }), time('c', { spentMs: 1 })];
    expect(moveBudget(pathsOf(CHAIN) ?? [], budgets, times, 30)).toEqual({
      from: ['c'],
      to: 'b',
      ms: 1.5,
      budgets: { a: 10, b: 11.5, c: 8.5 },
    });
  });

  it('moves nothing while nothing is held up, and takes nothing that is needed', () => {
    const budgets = { a: 10, b: 10, c: 10 };
    const paths = pathsOf(CHAIN) ?? [];
    expect(moveBudget(paths, budgets, [time('a'), time('b'), time('c')], 30)).toBeUndefined();
    const busy = [time('a', { spentMs: 9 }), time('b', { gainPerMs: 0.1 }), time('c', { spentMs: 9 })];
    expect(moveBudget(paths, budgets, busy, 30)).toBeUndefined();
  });

  it('between two stages that are both held up moves only for a clear difference', () => {
    const budgets = { a: 10, b: 10, c: 10 };
    const paths = pathsOf(CHAIN) ?? [];
    const times = (gain: number) => [
      time('a', { gainPerMs: gain }),
      time('b', { gainPerMs: 0.1 }),
      time('c', { spentMs: 9 }),
    ];
    expect(moveBudget(paths, budgets, times(0.08), 30)).toBeUndefined();
    expect(moveBudget(paths, budgets, times(0.02), 30)?.from).toEqual(['a']);
  });

  it('never lets a path pass the target nor a stage fall below two calls, whatever is measured', () => {
    const anyTime = fc.record({
      leastMs: fc.double({ min: 0, max: 20, noNaN: true }),
      spentMs: fc.option(fc.double({ min: 0, max: 50, noNaN: true }), { nil: undefined }),
      gainPerMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
    });
    const measured = fc.tuple(anyTime, anyTime, anyTime, anyTime);
    fc.assert(
      fc.property(
        fc.constantFrom(CHAIN, DIAMOND),
        fc.array(measured, { minLength: 1, maxLength: 30 }),
        (graph, steps) => {
          const paths = pathsOf(graph) ?? [];
          const names = graph.stages.map(({ name }) => name);
          let budgets = startBudgets(graph, paths, { a: steps[0]?.[0].leastMs }, 30);
          for (const step of steps) {
            const times = names.map((name, i) => ({ stage: name, ...(step[i] as Omit<StageTime, 'stage'>) }));
            const move = moveBudget(paths, budgets, times, 30);
            for (const { stage: name, leastMs } of times) {
              const [before, after] = [budgets[name] ?? 0, move?.budgets[name] ?? budgets[name] ?? 0];
              if (after < before) expect(after).toBeGreaterThanOrEqual(2 * leastMs - 1e-9);
            }
            budgets = move?.budgets ?? budgets;
            for (const sum of sums(graph, budgets)) expect(sum).toBeLessThanOrEqual(30 + 1e-6);
          }
        },
      ),
    );
  });
});
