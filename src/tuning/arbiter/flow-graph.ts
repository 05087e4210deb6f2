/** A flow as the arbiter sees it: stages that wait, and what feeds them. Plain data, made from the plan. */

import type { WorkClass } from '../../control/work-class.ts';

export interface GraphStage {
  readonly name: string;
  readonly work: WorkClass;
  /** Names of sources and stages whose events reach it, directly or through synchronous operators. */
  readonly inputs: readonly string[];
}

export interface FlowGraph {
  readonly sources: readonly string[];
  /** In topological order: what feeds comes before what is fed. */
  readonly stages: readonly GraphStage[];
}

/** Diamonds multiply paths; a flow with more keeps the budgets it started with. */
export const MAX_PATHS = 128;

/** Every way from a source to a stage that feeds no other, as names of stages; undefined when there are too many. */
export function pathsOf({ stages }: FlowGraph): readonly (readonly string[])[] | undefined {
  const ending = new Map<string, readonly (readonly string[])[]>();
  const fed = new Set(stages.flatMap(({ inputs }) => inputs));
  const paths: (readonly string[])[] = [];
  for (const { name, inputs } of stages) {
    const before = inputs.flatMap((input) => ending.get(input) ?? [[]]);
    if (before.length > MAX_PATHS) return undefined;
    const here = unique(before).map((path) => [...path, name]);
    ending.set(name, here);
    if (!fed.has(name)) paths.push(...here);
    if (paths.length > MAX_PATHS) return undefined;
  }
  return paths;
}

/** All stages whose events may reach this one. */
export function upstreamOf({ stages }: FlowGraph, name: string): ReadonlySet<string> {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const found = new Set<string>();
  const visit = (stage: string): void => {
    for (const input of byName.get(stage)?.inputs ?? []) {
      if (!byName.has(input) || found.has(input)) continue;
      found.add(input);
      visit(input);
    }
  };
  visit(name);
  return found;
}

/** Whether a stage feeds another one, or is fed by one: branches beside each other have the whole target each. */
export function sharesTarget(graph: FlowGraph, name: string): boolean {
  return upstreamOf(graph, name).size > 0 || graph.stages.some(({ inputs }) => inputs.includes(name));
}

/** Two sources of one stage are one path. */
function unique(paths: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(paths.map((path) => [path.join('\n'), path])).values()];
}
