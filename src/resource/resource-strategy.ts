/**
 * The guide's resource strategy: limits that are kept, and policies that scale what is used below them.
 *
 * Units are whatever is scaled: calls in flight of a flow, workers of a pool. Without a policy nothing is scaled
 * here: whoever uses the units decides (in a flow, tuning), and only the limits are kept.
 *
 * Invariants (resource-strategy.test.ts)
 * - Units are at most `limits.io`, at least 1.
 * - Above a limit of CPU or memory units shrink at once, whatever a policy says, and no policy adds any.
 */

import { declared, numberWithin, wholeNumber } from '../errors/declared.ts';
import { ConfigError } from '../errors/errors.ts';
import { durationMs, type Duration } from '../time/duration.ts';
import { stepLimits, UNLIMITED, type LimitState, type ResourceLimits } from './limit-guard.ts';
import {
  stepScaling,
  UNSCALED,
  type ScalingPolicies,
  type ScalingPolicy,
  type ScalingState,
} from './scaling-policy.ts';

export interface ScalingPolicyInput {
  /** Share of the units in use, 0..1. Default: up 0.8, down 0.3. */
  readonly threshold?: number;
  /** For how long. Default: up 5 s, down 60 s. */
  readonly duration?: Duration;
  /** Least time since the last step. Default: up 10 s, down 60 s. */
  readonly cooldown?: Duration;
  /** Units at a time. Default 1. */
  readonly step?: number;
}

/** Accepted under the guide's names too: `Limits { CPU, Memory, IO }`, `Policies { ScaleUp, ScaleDown }`. */
export interface ResourceStrategyInput {
  /** `cpu`, `memory`: 0..1 of what the process may use. `io`: calls in flight of all stages together. */
  readonly limits?: { readonly cpu?: number; readonly memory?: number; readonly io?: number };
  /** Default: adaptive, without any policy. */
  readonly policies?: { readonly scaleUp?: ScalingPolicyInput; readonly scaleDown?: ScalingPolicyInput };
}

export interface ResourceObservation {
  /** Monotonic ms. */
  readonly at: number;
  /** Share of the units in use, 0..1. */
  readonly utilization: number;
  readonly cpuRatio: number | null;
  readonly memoryRatio: number | null;
}

export interface ResourceVerdict {
  /** The most units that may be used now. Infinity where nothing limits them. */
  readonly units: number;
  /** Why they changed, in one plain sentence; undefined when they did not. */
  readonly reason: string | undefined;
}

const UP = { threshold: 0.8, durationMs: 5000, cooldownMs: 10_000, step: 1 };
const DOWN = { threshold: 0.3, durationMs: 60_000, cooldownMs: 60_000, step: 1 };

/**
 * @example
 * const strategy = new ResourceStrategy({ limits: { io: 64, cpu: 0.8 }, policies: { scaleUp: { threshold: 0.7, step: 4 } } }, 16);
 * strategy.units; // 16
 * strategy.step({ at: 0, utilization: 0.9, cpuRatio: 0.95, memoryRatio: null }); // { units: 13, reason: 'cpu is above its limit' }
 */
export class ResourceStrategy {
  readonly limits: ResourceLimits;
  readonly policies: ScalingPolicies;
  #scaled: number;
  #scaling: ScalingState = UNSCALED;
  #limiting: LimitState = UNLIMITED;
  #units: number;

  /**
   * @param units - to start with. Default: as many as the limits allow.
   * @throws ConfigError for a name that does not exist, a value out of range, thresholds that contradict each other
   */
  constructor(input: ResourceStrategyInput = {}, units: number = Infinity, path: string = 'resources') {
    const { limits = {}, policies = {} } = declared(input, { limits: ['Limits'], policies: ['Policies'] }, path);
    this.limits = readLimits(limits, `${path}.limits`);
    this.policies = readPolicies(policies, `${path}.policies`);
    this.#scaled = Math.max(1, Math.min(units, this.#most));
    this.#units = this.#scaled;
  }

  get units(): number {
    return this.#units;
  }

  /** Whether policies decide on the number of units. */
  get isScaled(): boolean {
    return this.policies.scaleUp !== undefined || this.policies.scaleDown !== undefined;
  }

  /**
   * To be called every 100 ms to 1 s.
   * @param inUse - units in use; only needed where there are limits of CPU or memory but none of units
   */
  step(observation: ResourceObservation, inUse?: number): ResourceVerdict {
    const limited = stepLimits(this.limits, this.#limiting, observation);
    this.#limiting = limited.state;
    const isLimited = limited.state.factor < 1;
    if (isLimited && this.#scaled === Infinity && inUse !== undefined) this.#scaled = Math.max(1, inUse);
    const scaling = this.#scale(observation, isLimited);
    // Without a policy and a limit of units, what was in use when a limit was passed is the measure until it is over.
    if (!isLimited && !this.isScaled) this.#scaled = this.#most;
    const before = this.#units;
    this.#units = Math.max(1, Math.floor(this.#scaled * limited.state.factor));
    return { units: this.#units, reason: this.#units === before ? undefined : (limited.reason ?? scaling) };
  }

  #scale(observation: ResourceObservation, isLimited: boolean): string | undefined {
    if (!this.isScaled || this.#scaled === Infinity) return undefined;
    const max = isLimited ? this.#scaled : this.#most;
    const step = stepScaling(this.policies, this.#scaling, { ...observation, units: this.#scaled, min: 1, max });
    this.#scaling = step.state;
    this.#scaled = step.units;
    return step.reason;
  }

  get #most(): number {
    return this.limits.io ?? Infinity;
  }
}

function readLimits(value: unknown, path: string): ResourceLimits {
  const { cpu, memory, io } = declared(value, { cpu: ['CPU'], memory: ['Memory'], io: ['IO'] }, path);
  return {
    cpu: cpu === undefined ? undefined : ratioAboveZero(cpu, `${path}.cpu`),
    memory: memory === undefined ? undefined : ratioAboveZero(memory, `${path}.memory`),
    io: io === undefined ? undefined : wholeNumber(io, `${path}.io`, 1),
  };
}

function ratioAboveZero(value: unknown, path: string): number {
  if (value === 0) throw new ConfigError(path, 'a ratio above 0 and at most 1, such as 0.7', value);
  return numberWithin(value, path, [0, 1]);
}

function readPolicies(value: unknown, path: string): ScalingPolicies {
  const { scaleUp, scaleDown } = declared(value, { scaleUp: ['ScaleUp'], scaleDown: ['ScaleDown'] }, path);
  const up = scaleUp === undefined ? undefined : readPolicy(scaleUp, `${path}.scaleUp`, UP);
  const down = scaleDown === undefined ? undefined : readPolicy(scaleDown, `${path}.scaleDown`, DOWN);
  if (up !== undefined && down !== undefined && down.threshold >= up.threshold) {
    throw new ConfigError(
      `${path}.scaleDown.threshold`,
      `a share below the one of scaleUp, ${up.threshold}`,
      down.threshold,
      'Otherwise units would be added and taken away in turn.',
    );
  }
  return { scaleUp: up, scaleDown: down };
}

function readPolicy(value: unknown, path: string, otherwise: ScalingPolicy): ScalingPolicy {
  const names = {
    threshold: ['Threshold'],
    duration: ['Duration'],
    cooldown: ['Cooldown', 'CoolDown'],
    step: ['Step'],
  };
  const { threshold, duration, cooldown, step } = declared(value, names, path);
  return {
    threshold: threshold === undefined ? otherwise.threshold : numberWithin(threshold, `${path}.threshold`, [0, 1]),
    durationMs: duration === undefined ? otherwise.durationMs : durationMs(duration as Duration, `${path}.duration`),
    cooldownMs: cooldown === undefined ? otherwise.cooldownMs : durationMs(cooldown as Duration, `${path}.cooldown`),
    step: step === undefined ? otherwise.step : wholeNumber(step, `${path}.step`, 1),
  };
}
