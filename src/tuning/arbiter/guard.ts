/**
 * Watches the arbiter's own moves. Each move carries a prediction; one that was measured below 90 % of it for two
 * slow periods is taken back, together with those made after it, and its like is not tried again for a while.
 *
 * Only what the moves can be blamed for counts: while the sources offer less than the flow could take, throughput
 * says nothing, and p95 is judged instead.
 *
 * Invariants (guard.test.ts)
 * - A move is judged once. After a reversal nothing else of its time is pending.
 * - The hold of a move that fails again doubles, from 10 s to 5 min; one that holds clears it.
 */

/** What the flow did in one slow period. */
export interface FlowFigures {
  readonly at: number;
  /** Events confirmed per second. */
  readonly throughput: number;
  /** Sources are held back: the flow does what it can. */
  readonly isHeld: boolean;
  /** Ms; undefined while nothing was confirmed. */
  readonly p95Ms: number | undefined;
}

export interface PendingMove<A> {
  /** What kind of move it is: the same key is the same experiment. */
  readonly key: string;
  /** To go back to. */
  readonly before: A;
  readonly figures: FlowFigures;
  /** Events per second. */
  readonly predicted: number;
  readonly periods: number;
  readonly misses: number;
}

interface Hold {
  readonly until: number;
  readonly ms: number;
}

export interface GuardState<A> {
  readonly pending: readonly PendingMove<A>[];
  readonly holds: Readonly<Record<string, Hold>>;
}

export interface Judgement<A> {
  readonly state: GuardState<A>;
  /** To take back; undefined when all is well. */
  readonly failed: PendingMove<A> | undefined;
}

const PERIODS = 2;
const ENOUGH = 0.9;
const FIRST_HOLD_MS = 10_000;
const LONGEST_HOLD_MS = 300_000;

export function freshGuard<A>(): GuardState<A> {
  return { pending: [], holds: {} };
}

/** A move is made now. */
export function withMove<A>(
  state: GuardState<A>,
  move: Pick<PendingMove<A>, 'key' | 'before' | 'figures' | 'predicted'>,
): GuardState<A> {
  return { ...state, pending: [...state.pending, { ...move, periods: 0, misses: 0 }] };
}

export function isOnHold<A>({ holds }: GuardState<A>, key: string, at: number): boolean {
  return at < (holds[key]?.until ?? Number.NEGATIVE_INFINITY);
}

/** To be called once per slow period, before new moves. */
export function judge<A>(state: GuardState<A>, now: FlowFigures, targetMs: number): Judgement<A> {
  const pending = state.pending.map((move) => ({
    ...move,
    periods: move.periods + 1,
    misses: move.misses + (isMissed(move, now, targetMs) ? 1 : 0),
  }));
  const failed = pending.find(({ misses }) => misses >= PERIODS);
  if (failed !== undefined) {
    const ms = Math.min(LONGEST_HOLD_MS, (state.holds[failed.key]?.ms ?? FIRST_HOLD_MS / 2) * 2);
    const holds = { ...state.holds, [failed.key]: { until: now.at + ms, ms } };
    return { state: { pending: [], holds }, failed };
  }
  const held = pending.filter(({ periods }) => periods >= PERIODS).map(({ key }) => key);
  const holds = Object.fromEntries(Object.entries(state.holds).filter(([key]) => !held.includes(key)));
  return { state: { pending: pending.filter(({ periods }) => periods < PERIODS), holds }, failed: undefined };
}

function isMissed<A>({ figures, predicted }: PendingMove<A>, now: FlowFigures, targetMs: number): boolean {
  if (figures.isHeld && now.isHeld) return now.throughput < ENOUGH * predicted;
  // It carried what was offered and does not any more.
  if (!figures.isHeld && now.isHeld) return now.throughput < ENOUGH * figures.throughput;
  const before = figures.p95Ms ?? now.p95Ms ?? 0;
  return now.p95Ms !== undefined && now.p95Ms > targetMs && now.p95Ms * ENOUGH > before;
}
