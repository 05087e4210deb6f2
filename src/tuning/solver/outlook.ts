import { within, type StageGoal } from '../../control/goal.ts';
import type { Outlook } from '../controller.ts';
import { choose } from './search/choice.ts';
import type { SolverState } from './solver.ts';
import { spaceOf } from './space.ts';

/** The most throughput within the target by the model as it is: no further than it looks itself (candidates.ts). */
export function outlookOf(state: SolverState, goal: StageGoal): Outlook | undefined {
  const { ceiling, pace } = state.refusals;
  const space = spaceOf(state, goal, {
    maxConcurrency: ceiling?.bound,
    callsPerSecond: pace.phase === 'free' ? undefined : pace.perSecond,
  });
  if (!space.model.isInformed) return undefined;
  const least = { batch: within(space.batch, 1), inFlight: within(goal.bounds.concurrency, 1) };
  const { batch, inFlight, throughput } = choose(space, least);
  return { throughput: throughput * 1000, batchLimit: Math.round(batch), concurrency: Math.round(inFlight) };
}
