/** The best operating point by the model: most throughput within the target, then the fewest calls in flight. */

import type { Point } from '../cost-model.ts';
import { OVER_TARGET, candidatesIn, withinReach, type Candidate, type SearchSpace } from './candidates.ts';

/** Candidates whose score may still win once their doubt is known. */
const SHORTLIST = 0.06;
const SHORTLIST_MOST = 40;
/** Share of the doubt by which a candidate is taken to be worse than predicted: many candidates, one of them flatters. */
const CAUTION = 0.5;
/** A doubt that the trim on the measured p95 can deal with. */
const CERTAIN = 0.05;
/** Throughput that a smaller concurrency may cost. */
export const PARSIMONY = 0.008;
/** What a move must win. */
const HYSTERESIS = 0.006;

export function choose(space: SearchSpace, current: Point): Candidate {
  const candidates = candidatesIn(withinReach(space), current);
  const top = Math.max(...candidates.map(({ score }) => score));
  const shortlist = candidates
    .filter(({ score }) => score >= top - SHORTLIST)
    .sort((one, other) => other.score - one.score)
    .slice(0, SHORTLIST_MOST);
  const rated: Rated[] = [];
  let best = -Infinity;
  for (const candidate of shortlist) {
    // Doubt takes away only: neither this one nor those after it can come near.
    if (candidate.score + HYSTERESIS < best - PARSIMONY) break;
    const merit = meritOf(candidate, space, current);
    rated.push({ candidate, merit });
    best = Math.max(best, merit);
  }
  return rated
    .filter(({ merit }) => merit >= best - PARSIMONY)
    .reduce((one, other) => (isCheaper(other, one) ? other : one)).candidate;
}

interface Rated {
  readonly candidate: Candidate;
  readonly merit: number;
}

function isCheaper(one: Rated, other: Rated): boolean {
  const more = one.candidate.inFlight - other.candidate.inFlight;
  return more < 0 || (more === 0 && one.merit > other.merit);
}

function meritOf(candidate: Candidate, { model, p95Ms }: SearchSpace, current: Point): number {
  const isCurrent = candidate.batch === current.batch && candidate.inFlight === current.inFlight;
  const doubt = model.doubt(candidate.batch, candidate.inFlight);
  const late = Math.log(candidate.p95Ms / p95Ms) + CAUTION * (doubt - CERTAIN);
  const risk = doubt > CERTAIN && late > 0 ? OVER_TARGET * late : 0;
  return candidate.score - risk - CAUTION * doubt + (isCurrent ? HYSTERESIS : 0);
}
