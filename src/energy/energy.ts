/**
 * The resource budget of a running flow: `run.energy`.
 *
 * Invariants (energy.test.ts)
 * - A configuration is applied whole or not at all, between two dispatches, and never after its signal was aborted.
 * - What contradicts a pin or a connector's limit is refused, naming it.
 */

import type { Weights } from '../control/work-class.ts';
import { ConfigError } from '../errors/errors.ts';
import { fixedBy, NOTHING_FIXED, type EnergyConfig, type FixedEnergy } from './energy-config.ts';

/** What is in force: what a user fixed, and the engine's choice elsewhere. */
export interface EnergyInForce {
  /** Null = the engine's, each edge its own. */
  readonly bufferSize: number | null;
  /** Null = the engine's, each stage its own. */
  readonly batchSize: number | null;
  readonly weights: Weights;
}

/** What a configuration is expected to do to the flow. Null where no model can say, with the reason. */
export interface EnergyPrediction {
  /** Events per second that the flow could carry at most. */
  readonly throughput: number | null;
  /** Ms. */
  readonly p95Ms: number | null;
  /** Against the best that the engine knows: "about -38 % throughput at stage db". */
  readonly cost: string | null;
  /** What it rests on, or why nothing can be said. */
  readonly reason: string;
}

export interface EnergyResult {
  readonly applied: EnergyInForce;
  /** Of the settings, as of which it is in force. */
  readonly version: number;
  readonly predicted: EnergyPrediction;
}

export interface Energy {
  /** What is in force now. */
  config(): EnergyInForce;
  /**
   * Fixes sizes or weights on the running flow, or gives them back to the engine (`null`).
   * In force as of the next control period, at the latest 100 ms from now.
   *
   * @param options - signal: aborted before it is in force, nothing changes and the promise rejects with its reason
   * @throws ConfigError for unknown names, values out of range, weights that do not sum to 1, sizes beyond a
   *   connector's limit, and contradictions with pins
   */
  apply(config: EnergyConfig, options?: { readonly signal?: AbortSignal }): Promise<EnergyResult>;
}

/** A knob that the user has fixed by other means. */
export interface PinnedSize {
  readonly stage: string;
  readonly knob: 'batchLimit' | 'edgeEvents';
  readonly value: number;
}

/** The flow, as far as its budget is concerned. */
export interface EnergyTarget {
  /** The most events per call that a stage's connector takes; Infinity where it does not say. */
  maxBatches(): readonly { readonly stage: string; readonly maxBatch: number }[];
  pins(): readonly PinnedSize[];
  weights(fixed: FixedEnergy['weights']): Weights;
  predict(fixed: FixedEnergy): EnergyPrediction;
  /** Resolves at the next moment at which settings may change. Rejects when the run is over. */
  nextPeriod(): Promise<void>;
  /** Puts all of it in force, at once. @returns the version of the settings */
  commit(fixed: FixedEnergy): number;
}

export class EnergyBudget implements Energy {
  readonly #target: EnergyTarget;
  #fixed: FixedEnergy = NOTHING_FIXED;

  constructor(target: EnergyTarget) {
    this.#target = target;
  }

  /** What a user has fixed. */
  get fixed(): FixedEnergy {
    return this.#fixed;
  }

  /** What the flow is declared with, before it runs. @throws ConfigError as `apply` */
  begin(config: EnergyConfig, path: string): void {
    this.#fixed = this.#check(config, path);
    this.#target.commit(this.#fixed);
  }

  config(): EnergyInForce {
    return this.#inForce(this.#fixed);
  }

  async apply(config: EnergyConfig, { signal }: { readonly signal?: AbortSignal } = {}): Promise<EnergyResult> {
    signal?.throwIfAborted();
    this.#check(config);
    await untilAborted(this.#target.nextPeriod(), signal);
    // Again, on top of what others have applied or pinned meanwhile.
    const fixed = this.#check(config);
    const predicted = this.#target.predict(fixed);
    this.#fixed = fixed;
    const version = this.#target.commit(fixed);
    return { applied: this.#inForce(fixed), version, predicted };
  }

  #inForce({ bufferSize, batchSize, weights }: FixedEnergy): EnergyInForce {
    return { bufferSize: bufferSize ?? null, batchSize: batchSize ?? null, weights: this.#target.weights(weights) };
  }

  #check(config: EnergyConfig, path = 'energy'): FixedEnergy {
    const fixed = fixedBy(config, this.#fixed, path);
    const { batchSize, bufferSize } = fixed;
    for (const { stage, maxBatch } of this.#target.maxBatches()) {
      if (batchSize !== undefined && batchSize > maxBatch)
        throw new ConfigError(`${path}.batchSize`, `at most ${maxBatch}, the limit of stage ${stage}`, batchSize);
    }
    const wanted = { batchLimit: batchSize, edgeEvents: bufferSize };
    const names = { batchLimit: 'batchSize', edgeEvents: 'bufferSize' };
    for (const { stage, knob, value } of this.#target.pins()) {
      const size = wanted[knob];
      if (size === undefined || size === value) continue;
      const fix = `Give up the pin of ${stage}.${knob} first.`;
      throw new ConfigError(`${path}.${names[knob]}`, `${value}, to which ${stage}.${knob} is pinned`, size, fix);
    }
    return fixed;
  }
}

/** @throws the signal's reason as soon as it is aborted */
function untilAborted(ready: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return ready;
  return new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    ready.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  }).then(() => signal.throwIfAborted());
}
