/**
 * Keeps a process below its limits of CPU and memory by taking calls in flight away: at once when a limit is
 * passed, back step by step once there is room again. Pure; time is told.
 *
 * Invariants (limit-guard.test.ts)
 * - The factor falls within the call that sees a limit passed, and never while below all of them.
 * - What is not measured restricts nothing.
 */

export interface ResourceLimits {
  /** CPU of the process over what it may use, 0..1. */
  readonly cpu?: number | undefined;
  /** Memory likewise, 0..1. */
  readonly memory?: number | undefined;
  /** Calls in flight of all stages together. */
  readonly io?: number | undefined;
}

export interface LimitState {
  /** What is left of the calls in flight, 0..1. */
  readonly factor: number;
  /** Monotonic ms of the last change. */
  readonly changedAt: number;
}

export interface LimitObservation {
  readonly at: number;
  readonly cpuRatio: number | null;
  readonly memoryRatio: number | null;
}

export interface LimitStep {
  readonly state: LimitState;
  /** One plain sentence; undefined when nothing changes. */
  readonly reason: string | undefined;
}

export const UNLIMITED: LimitState = { factor: 1, changedAt: Number.NEGATIVE_INFINITY };

/** CPU and memory follow a change only after a while; without this wait one excess would be answered many times. */
const SETTLE_MS = 1000;
/** Room needed below a limit before anything is given back. */
const HYSTERESIS = 0.05;
/** Given back per step. */
const RECOVERY = 1.1;
/** A garbage collection or a burst of others may double the use for a moment: no step takes more than half. */
const LARGEST_CUT = 0.5;
const LEAST_FACTOR = 0.01;

export function stepLimits(limits: ResourceLimits, state: LimitState, observation: LimitObservation): LimitStep {
  const { at } = observation;
  const cpu = excess(observation.cpuRatio, limits.cpu);
  const memory = excess(observation.memoryRatio, limits.memory);
  if (at - state.changedAt < SETTLE_MS) return { state, reason: undefined };
  const worst = Math.max(cpu, memory);
  if (worst > 1) {
    const factor = Math.max(LEAST_FACTOR, state.factor * Math.max(LARGEST_CUT, 1 / worst));
    return { state: { factor, changedAt: at }, reason: `${cpu >= memory ? 'cpu' : 'memory'} is above its limit` };
  }
  if (
    state.factor === 1 ||
    !hasRoom(observation.cpuRatio, limits.cpu) ||
    !hasRoom(observation.memoryRatio, limits.memory)
  )
    return { state, reason: undefined };
  const factor = Math.min(1, state.factor * RECOVERY);
  return { state: { factor, changedAt: at }, reason: 'there is room below the limits again' };
}

function excess(ratio: number | null, limit: number | undefined): number {
  return ratio === null || limit === undefined ? 0 : ratio / limit;
}

function hasRoom(ratio: number | null, limit: number | undefined): boolean {
  return ratio === null || limit === undefined || ratio < limit - HYSTERESIS;
}
