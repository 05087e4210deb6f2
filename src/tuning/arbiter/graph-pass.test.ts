import { describe, expect, it } from 'vitest';
import { sharesTarget, type FlowGraph, type GraphStage } from './flow-graph.ts';
import { graphPass, type StageRate } from './graph-pass.ts';

const stage = (name: string, ...inputs: string[]): GraphStage => ({ name, work: 'io', inputs });
const rate = (name: string, arrived: number, done: number, capacity?: number): StageRate => ({
  stage: name,
  arrivedPerSecond: arrived,
  donePerSecond: done,
  capacityPerSecond: capacity,
});

/** in -> a -> (a third) b, in -> (all) c */
const GRAPH: FlowGraph = { sources: ['in'], stages: [stage('a', 'in'), stage('b', 'a'), stage('c', 'in')] };

it('a target is shared along a path, not by branches beside each other', () => {
  expect(['a', 'b', 'c'].map((name) => sharesTarget(GRAPH, name))).toEqual([true, true, false]);
});

describe('the graph pass', () => {
  it('multiplies rates by selectivity from the sources on', () => {
    const open = [{ source: 'in', perSecond: 900, isHeld: false }];
    const { visits, needPerSecond } = graphPass(
      GRAPH,
      open,
      [rate('a', 900, 900), rate('b', 300, 300), rate('c', 900, 900)],
      {},
    );
    expect(visits['b']).toBeCloseTo(1 / 3);
    expect(needPerSecond['b']).toBeCloseTo(300);
    expect(needPerSecond['c']).toBeCloseTo(900);
  });

  it('caps all others by the stage that takes no more', () => {
    const held = [{ source: 'in', perSecond: 600, isHeld: true }];
    const rates = [rate('a', 600, 600), rate('b', 200, 200, 200), rate('c', 600, 600, 5000)];
    const { needPerSecond, bottleneck } = graphPass(GRAPH, held, rates, {});
    expect(bottleneck).toBe('b');
    expect(needPerSecond['a']).toBeCloseTo(600);
    expect(needPerSecond['c']).toBeCloseTo(600);
  });

  it('knows no cap while sources are held back by something that may still grow', () => {
    const held = [{ source: 'in', perSecond: 600, isHeld: true }];
    const { needPerSecond, bottleneck } = graphPass(
      GRAPH,
      held,
      [rate('a', 600, 600), rate('b', 200, 200), rate('c', 600, 600)],
      {},
    );
    expect(bottleneck).toBeUndefined();
    expect(needPerSecond['a']).toBe(Infinity);
  });

  it('does not call a stage a bottleneck that takes all that is offered', () => {
    const open = [{ source: 'in', perSecond: 100, isHeld: false }];
    const rates = [rate('a', 100, 100, 400), rate('b', 100, 100), rate('c', 100, 100)];
    expect(graphPass(GRAPH, open, rates, {}).bottleneck).toBeUndefined();
  });

  it('remembers selectivities while nothing passes, and takes one for what it has never seen', () => {
    const silent = [{ source: 'in', perSecond: 0, isHeld: false }];
    const rates = [rate('a', 0, 0), rate('b', 0, 0), rate('c', 0, 0)];
    expect(graphPass(GRAPH, silent, rates, { b: 0.2 }).visits).toEqual({ a: 1, b: 0.2, c: 1 });
  });

  it('shares two sources of one stage by their rates', () => {
    const two: FlowGraph = { sources: ['x', 'y'], stages: [stage('a', 'x'), stage('b', 'y', 'a')] };
    const open = [
      { source: 'x', perSecond: 300, isHeld: false },
      { source: 'y', perSecond: 100, isHeld: false },
    ];
    const { visits } = graphPass(two, open, [rate('a', 300, 300), rate('b', 400, 400)], {});
    expect(visits['a']).toBeCloseTo(0.75);
    expect(visits['b']).toBeCloseTo(1);
  });
});
