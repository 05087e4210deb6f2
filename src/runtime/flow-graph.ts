/** The planned flow as the arbiter sees it: segments are seen through, stages and sources stay. */

import type { WorkClass } from '../control/work-class.ts';
import type { Plan, PlannedStage } from '../flow/plan.ts';
import type { FlowGraph } from '../tuning/arbiter/flow-graph.ts';

export function graphOf({ sources, segments, stages }: Plan): FlowGraph {
  const feeding = new Map<number, readonly string[]>();
  const feeders = (segment: number): readonly string[] => {
    const known = feeding.get(segment);
    if (known !== undefined) return known;
    const found = [
      ...sources.filter((source) => source.segment === segment).map(({ node }) => node.name),
      ...stages.filter(({ output }) => output === segment).map(({ node }) => node.name),
      ...segmentsInto(segment).flatMap(feeders),
    ];
    feeding.set(segment, found);
    return found;
  };
  const segmentsInto = (segment: number): number[] => leadingTo('segment', segment);
  const leadingTo = (kind: 'segment' | 'stage', index: number): number[] =>
    segments.flatMap(({ leaves }, from) =>
      leaves.some((leaf) => leaf.kind === kind && leaf.index === index) ? [from] : [],
    );
  return {
    sources: sources.map(({ node }) => node.name),
    stages: stages.map(({ node }, index) => ({
      name: node.name,
      work: workOf(node),
      inputs: [...new Set(leadingTo('stage', index).flatMap(feeders))],
    })),
  };
}

/** What the declaration says; else sinks move data, and functions over events compute. */
export function workOf(node: PlannedStage['node']): WorkClass {
  return node.options.work ?? (node.kind === 'sink' ? (node.sink.work ?? 'io') : 'computation');
}
