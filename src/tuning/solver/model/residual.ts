/**
 * What the prior does not explain: a Gaussian process over (log batch, log concurrency) through the cells' residuals.
 * It shrinks to the prior where little was measured, follows the measurements where there are many, and says how
 * sure it is of either.
 *
 * Covariance: three scales, so that it bends gently over octaves, sharply at a knee, and lets an exact batch size
 * differ from its neighbour (a page, a cliff); places.ts. Source: Rasmussen & Williams 2006, algorithm 2.1.
 * Cost: n^3 / 6 + O(n) per mean and O(n^2) per variance, n <= MAX_CELLS.
 */

import { square } from './numbers.ts';
import type { Places } from './places.ts';

/** Shares of the three scales in the variance: wide, middle, sharp. The rougher the later. */
const SHARES = [
  [0.97, 0.03, 0],
  [0.6, 0.4, 0],
  [0.4, 0.35, 0.25],
] as const;

/** What the field is expected to be like; chosen by evidence. */
export interface Texture {
  /** Standard deviation of what the prior leaves unexplained, > 0. */
  readonly amplitude: number;
  /** Index into SHARES. */
  readonly roughness: 0 | 1 | 2;
}

/** What was measured at the places, in their order. */
export interface Residuals {
  readonly places: Places;
  /** Logarithm of measured over expected, and its variance. */
  readonly values: Float64Array;
  readonly variances: Float64Array;
}

export class ResidualField {
  readonly #places: Places;
  readonly #power: number;
  readonly #shares: readonly [number, number, number];
  readonly #isSharp: boolean;
  /** Lower triangle of the Cholesky factor, column by column. */
  readonly #factor: Float64Array;
  readonly #weights: Float64Array;

  /** Logarithm of the likelihood of the residuals, up to a constant. */
  readonly evidence: number;

  constructor({ places, values, variances }: Residuals, { amplitude, roughness }: Texture) {
    const { size } = places;
    this.#places = places;
    this.#power = square(amplitude);
    this.#shares = SHARES[roughness];
    this.#isSharp = this.#shares[2] > 0;
    this.#factor = this.#factorize(variances);
    const weights = values.slice();
    this.#solve(weights);
    let evidence = 0;
    for (let i = 0; i < size; i += 1) {
      evidence -= square(weights[i] as number) / 2 + Math.log(this.#factor[i * size + i] as number);
    }
    this.evidence = evidence;
    this.#solveTransposed(weights);
    this.#weights = weights;
  }

  mean(batch: number, inFlight: number): number {
    const inBatch = this.#places.batchTable(batch, this.#isSharp);
    const inConcurrency = this.#places.inFlightTable(inFlight, this.#isSharp);
    const weights = this.#weights;
    const { size } = this.#places;
    let [wide, middle, sharp] = [0, 0, 0];
    for (let i = 0; i < size; i += 1) {
      const weight = weights[i] as number;
      wide += weight * (inBatch[i] as number) * (inConcurrency[i] as number);
      middle += weight * (inBatch[size + i] as number) * (inConcurrency[size + i] as number);
    }
    if (this.#isSharp) {
      for (let i = 0; i < size; i += 1) {
        sharp += (weights[i] as number) * (inBatch[2 * size + i] as number) * (inConcurrency[2 * size + i] as number);
      }
    }
    return this.#power * (this.#shares[0] * wide + this.#shares[1] * middle + this.#shares[2] * sharp);
  }

  variance(batch: number, inFlight: number): number {
    const projected = new Float64Array(this.#places.size);
    this.#covariancesInto(projected, batch, inFlight, projected.length);
    this.#solve(projected);
    let explained = 0;
    for (let i = 0; i < projected.length; i += 1) explained += square(projected[i] as number);
    return Math.max(0, this.#power - explained);
  }

  /** With the first `count` places. */
  #covariancesInto(covariances: Float64Array, batch: number, inFlight: number, count: number): void {
    const inBatch = this.#places.batchTable(batch, this.#isSharp);
    const inConcurrency = this.#places.inFlightTable(inFlight, this.#isSharp);
    const { size } = this.#places;
    const power = this.#power;
    const [wide, middle, sharp] = this.#shares;
    for (let i = 0; i < count; i += 1) {
      const smooth =
        wide * (inBatch[i] as number) * (inConcurrency[i] as number) +
        middle * (inBatch[size + i] as number) * (inConcurrency[size + i] as number);
      const own = sharp === 0 ? 0 : sharp * (inBatch[2 * size + i] as number) * (inConcurrency[2 * size + i] as number);
      covariances[i] = power * (smooth + own);
    }
  }

  /** Each step takes its share from all that is left of a row: independent of each other, unlike the terms of one sum. */
  #factorize(variances: Float64Array): Float64Array {
    const { size } = this.#places;
    const least = MIN_PIVOT * this.#power;
    const factor = new Float64Array(size * size);
    const left = new Float64Array(size);
    for (let i = 0; i < size; i += 1) {
      this.#covariancesInto(left, this.#places.batchAt(i), this.#places.inFlightAt(i), i + 1);
      (left[i] as number) += variances[i] as number;
      for (let k = 0; k < i; k += 1) {
        const column = k * size;
        const share = (left[k] as number) / (factor[column + k] as number);
        factor[column + i] = share;
        for (let j = k + 1; j <= i; j += 1) (left[j] as number) -= share * (factor[column + j] as number);
      }
      factor[i * size + i] = Math.sqrt(Math.max(left[i] as number, least));
    }
    return factor;
  }

  /** L x = right, in place. */
  #solve(right: Float64Array): void {
    const { size } = this.#places;
    const factor = this.#factor;
    for (let k = 0; k < size; k += 1) {
      const column = k * size;
      const x = (right[k] as number) / (factor[column + k] as number);
      right[k] = x;
      for (let i = k + 1; i < size; i += 1) (right[i] as number) -= x * (factor[column + i] as number);
    }
  }

  /** L' x = right, in place. */
  #solveTransposed(right: Float64Array): void {
    const { size } = this.#places;
    const factor = this.#factor;
    for (let i = size - 1; i >= 0; i -= 1) {
      let sum = right[i] as number;
      const column = i * size;
      for (let k = i + 1; k < size; k += 1) sum -= (factor[column + k] as number) * (right[k] as number);
      right[i] = sum / (factor[column + i] as number);
    }
  }
}

/** Share of the variance below which a pivot is rounding. */
const MIN_PIVOT = 1e-9;
