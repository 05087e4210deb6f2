import { within, type StageGoal } from '../../control/goal.ts';
import type { Outlook } from '../controller.ts';
import { surfaceOf } from './model/surface.ts';
import { choose } from './search/choice.ts';
import type { SolverState } from './solver.ts';
import { budgetOf } from './trim.ts';

/** The most throughput within the target by the model as it is: no further than it looks itself (candidates.ts). */
export function outlookOf(
  { surface, trim, refusals: { ceiling, pace } }: SolverState,
  { p95Ms, bounds }: StageGoal,
): Outlook | undefined {
  const model = surfaceOf(surface);
  if (!model.isInformed) return undefined;
  const { min, max } = bounds.concurrency;
  const space = {
    model,
    p95Ms: p95Ms * budgetOf(trim),
    batch: bounds.batchLimit,
    concurrency: { min, max: Math.max(min, Math.min(max, ceiling?.bound ?? max)) },
    callsPerMs: pace.phase === 'free' ? undefined : pace.perSecond / 1000,
  };
  const least = { batch: within(bounds.batchLimit, 1), inFlight: within(bounds.concurrency, 1) };
  const { batch, inFlight, throughput } = choose(space, least);
  return { throughput: throughput * 1000, batchLimit: Math.round(batch), concurrency: Math.round(inFlight) };
}
