/**
 * A scaling policy: how much of what is there must be in use, for how long, before something is added or
 * taken away, how much of it, and how long the next step waits. Pure; time is told.
 *
 * Invariants (scaling-policy.test.ts)
 * - Units stay within their range.
 * - No step before the use was beyond the threshold for the whole duration; any sample on the right side starts it anew.
 * - Two steps are at least the cool-down of the later one apart, whatever their direction.
 */

export interface ScalingPolicy {
  /** Share in use, 0..1: above it scale-up begins, below it scale-down. */
  readonly threshold: number;
  /** For how long, ms. */
  readonly durationMs: number;
  /** Least time since the last step in either direction, ms. */
  readonly cooldownMs: number;
  /** Units added or taken away at a time, >= 1. */
  readonly step: number;
}

export interface ScalingPolicies {
  readonly scaleUp?: ScalingPolicy | undefined;
  readonly scaleDown?: ScalingPolicy | undefined;
}

/** Monotonic ms; undefined = not now. */
export interface ScalingState {
  readonly aboveSince: number | undefined;
  readonly belowSince: number | undefined;
  readonly steppedAt: number | undefined;
}

export interface ScalingObservation {
  readonly at: number;
  /** Share of the units in use, 0..1 (more while bursting). */
  readonly utilization: number;
  readonly units: number;
  readonly min: number;
  readonly max: number;
}

export interface ScalingStep {
  readonly state: ScalingState;
  readonly units: number;
  /** One plain sentence; undefined when nothing changes. */
  readonly reason: string | undefined;
}

export const UNSCALED: ScalingState = { aboveSince: undefined, belowSince: undefined, steppedAt: undefined };

export function stepScaling(
  policies: ScalingPolicies,
  state: ScalingState,
  observation: ScalingObservation,
): ScalingStep {
  const { scaleUp, scaleDown } = policies;
  const { at, utilization, min, max } = observation;
  const units = Math.min(max, Math.max(min, observation.units));
  const aboveSince = scaleUp !== undefined && utilization > scaleUp.threshold ? (state.aboveSince ?? at) : undefined;
  const belowSince =
    scaleDown !== undefined && utilization < scaleDown.threshold ? (state.belowSince ?? at) : undefined;
  const next = { ...state, aboveSince, belowSince };
  const steps = [
    { policy: scaleUp, since: aboveSince, to: Math.min(max, units + (scaleUp?.step ?? 0)), beyond: 'above' },
    { policy: scaleDown, since: belowSince, to: Math.max(min, units - (scaleDown?.step ?? 0)), beyond: 'below' },
  ];
  for (const { policy, since, to, beyond } of steps) {
    if (policy === undefined || since === undefined || to === units || !isDue(policy, since, state.steppedAt, at))
      continue;
    const reason = `in use ${beyond} ${percent(policy.threshold)} for ${seconds(at - since)}`;
    return { state: { aboveSince: undefined, belowSince: undefined, steppedAt: at }, units: to, reason };
  }
  return { state: next, units, reason: undefined };
}

function isDue(policy: ScalingPolicy, since: number, steppedAt: number | undefined, at: number): boolean {
  return at - since >= policy.durationMs && (steppedAt === undefined || at - steppedAt >= policy.cooldownMs);
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
