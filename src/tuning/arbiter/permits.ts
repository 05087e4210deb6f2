/**
 * Permits: calls in flight that all stages of a flow share. Stages propose what they could use, one place grants.
 *
 * First the classes of work share by their weights, then the stages of a class by what a permit is worth at each
 * (water-fill.ts). What nobody asks for is granted in the same way, as room to grow into.
 *
 * Invariants (permits.test.ts)
 * - Grants sum to the total, each at least 1.
 * - While grants change hands, calls in flight and what may still start together never exceed the total: a permit
 *   is granted again only once it was given back.
 */

import { WORK_CLASSES, type Weights, type WorkClass } from '../../control/work-class.ts';
import { waterFill } from './water-fill.ts';

/** Permits by stage. */
export type Grants = Readonly<Record<string, number>>;

export interface PermitClaim {
  readonly stage: string;
  readonly work: WorkClass;
  /** Calls in flight that it could use. */
  readonly demand: number;
  /** Calls in flight that it needs per unit of the flow's throughput, > 0, in any unit that all share. */
  readonly perThroughput: number;
  /** What a user has pinned it to; it gets that. */
  readonly pinned?: number | undefined;
  /** The most that it may have in flight, whatever it could use. */
  readonly max: number;
}

/** A class without weight still gets what nobody else wants. */
const LEAST_WEIGHT = 1e-6;

/** @param total - whole, at least one for each stage */
export function grantsFor(total: number, asked: readonly PermitClaim[], weights: Weights): Grants {
  const pinned = sum(asked.map((claim) => claim.pinned ?? 1));
  // A limit comes before a pin: where both cannot be, pins are claims like others.
  const claims = pinned <= total ? asked : asked.map((claim) => ({ ...claim, pinned: undefined }));
  const wanted = divide(total, claims, weights, ({ demand, max }) => Math.min(demand, max));
  const left = total - sum([...wanted.values()]);
  if (left <= 0) return Object.fromEntries(wanted);
  const more = divide(left, claims, weights, ({ stage, max }) => max - (wanted.get(stage) ?? 0), 0);
  return Object.fromEntries(claims.map(({ stage }) => [stage, (wanted.get(stage) ?? 0) + (more.get(stage) ?? 0)]));
}

function divide(
  total: number,
  claims: readonly PermitClaim[],
  weights: Weights,
  demandOf: (claim: PermitClaim) => number,
  least = 1,
): Map<string, number> {
  const asked = claims.map((claim) => {
    const fixed = claim.pinned === undefined ? undefined : claim.pinned * least;
    const demand = fixed ?? Math.max(least, Math.min(total, demandOf(claim)));
    return { stage: claim.stage, work: claim.work, weight: claim.perThroughput, demand, least: fixed ?? least };
  });
  const classes = WORK_CLASSES.map((work) => asked.filter((each) => each.work === work));
  const shares = waterFill(
    total,
    classes.map((members, i) => ({
      weight: Math.max(LEAST_WEIGHT, weights[WORK_CLASSES[i] as WorkClass]),
      demand: sum(members.map(({ demand }) => demand)),
      least: sum(members.map((member) => member.least)),
    })),
  );
  const granted = new Map<string, number>();
  for (const [i, members] of classes.entries()) {
    const inClass = waterFill(shares[i] ?? 0, members);
    for (const [j, { stage }] of members.entries()) granted.set(stage, inClass[j] ?? 0);
  }
  return granted;
}

/**
 * Grants on the way to `wanted`: what is taken away goes at once, what is added as far as calls have ended.
 *
 * @param inFlight - calls that hold a permit now, those that wait to be tried again included
 */
export function handedOver(
  total: number,
  current: Grants,
  wanted: Grants,
  inFlight: Readonly<Record<string, number>>,
): Grants {
  const stages = Object.keys(wanted);
  const next: Record<string, number> = {};
  for (const stage of stages) next[stage] = Math.min(wanted[stage] ?? 1, current[stage] ?? 1);
  const held = sum(stages.map((stage) => Math.max(next[stage] ?? 0, inFlight[stage] ?? 0)));
  let free = Math.max(0, total - held);
  for (const stage of stages) {
    // Calls beyond the grant hold permits that are counted already.
    const over = Math.max(0, (inFlight[stage] ?? 0) - (next[stage] ?? 0));
    const missing = (wanted[stage] ?? 0) - (next[stage] ?? 0);
    const added = Math.min(missing, free + over);
    free -= Math.max(0, added - over);
    next[stage] = (next[stage] ?? 0) + added;
  }
  return next;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
