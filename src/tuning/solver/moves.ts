/** Plans of the search: to a better point, to a place that is only visited, and back. */

import { within } from '../../control/goal.ts';
import type { Point } from './cost-model.ts';
import type { Plan } from './plan.ts';
import { candidateAt, type Candidate, type SearchSpace } from './search/candidates.ts';

export function saturatedPlan(candidate: Candidate, reason = 'the most throughput within the target'): Plan {
  const { batch, inFlight, throughput, p95Ms } = candidate;
  return {
    kind: 'move',
    // A full edge holds one batch: more would only be older when its turn comes.
    settings: { batchLimit: batch, concurrency: inFlight, burstConcurrency: inFlight, lingerMs: 0, edgeEvents: batch },
    reason,
    evidence: { p95Ms },
    expected: { throughput: throughput * 1000, p95Ms },
  };
}

export function visitTo(space: SearchSpace, point: Point, reason: string): Plan {
  return { ...saturatedPlan(candidateAt(space, point), reason), kind: 'trial' };
}

export function backTo(space: SearchSpace, base: Point): Plan {
  return { ...saturatedPlan(candidateAt(space, inside(space, base)), 'the trial is over'), kind: 'revert' };
}

/** The target may have refused so many calls meanwhile. */
function inside({ concurrency }: SearchSpace, { batch, inFlight }: Point): Point {
  return { batch, inFlight: within(concurrency, inFlight) };
}
