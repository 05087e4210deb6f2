/**
 * Divides a whole number among claims as water fills vessels: each gets in proportion to its weight until it has
 * what it asks for, and what it does not need goes to the others.
 *
 * With the permits that a stage needs per unit of the flow's throughput as its weight, this is water-filling on
 * marginal throughput: in a flow whose stages follow each other the next permit is worth most at the stage that
 * is exhausted first, and nothing at any other, so the best division raises all of them to the same level.
 *
 * Invariants (water-fill.test.ts)
 * - Whole numbers. The sum is the total, or what all ask for if that is less.
 * - Nobody gets less than its least share, unless the total is below the sum of these, nor more than it asks for.
 * - Work-conserving: while anybody asks for more, nothing is left.
 */

export interface Claim {
  /** Share under contention, > 0. */
  readonly weight: number;
  /** The most that it can use, whole, >= least. */
  readonly demand: number;
  /** What it gets in any case, whole. */
  readonly least: number;
}

export function waterFill(total: number, claims: readonly Claim[]): number[] {
  const level = levelFor(total, claims);
  const exact = claims.map((claim) => shareAt(level, claim));
  const shares = exact.map(Math.floor);
  let left = Math.min(total, sum(claims.map(({ demand }) => demand))) - sum(shares);
  // Largest remainder; whoever has all it asks for has none.
  const order = claims.map((_, i) => i).toSorted((a, b) => fraction(exact[b] ?? 0) - fraction(exact[a] ?? 0));
  while (left > 0) {
    const before = left;
    for (const i of order) {
      if (left < 1 || (shares[i] ?? 0) >= (claims[i]?.demand ?? 0)) continue;
      shares[i] = (shares[i] ?? 0) + 1;
      left -= 1;
    }
    if (left === before) break;
  }
  return shares;
}

/** Rounds of bisection: the level is then exact to a millionth of a permit. */
const ROUNDS = 60;

/** The level at which the shares sum to the total. */
function levelFor(total: number, claims: readonly Claim[]): number {
  if (sum(claims.map(({ least }) => least)) >= total) return 0;
  let high = Math.max(1, ...claims.map(({ demand, weight }) => demand / weight));
  if (sum(claims.map((claim) => shareAt(high, claim))) <= total) return high;
  let low = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    const middle = (low + high) / 2;
    if (sum(claims.map((claim) => shareAt(middle, claim))) > total) high = middle;
    else low = middle;
  }
  return low;
}

function shareAt(level: number, { weight, demand, least }: Claim): number {
  return Math.min(demand, Math.max(least, level * weight));
}

function fraction(value: number): number {
  return value - Math.floor(value);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
