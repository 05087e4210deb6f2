/**
 * What the prior does not explain: a Gaussian process over (log batch, log concurrency) through the cells' residuals.
 * It shrinks to the prior where little was measured, follows the measurements where there are many, and says how
 * sure it is of either.
 *
 * Covariance: three scales, so that it bends gently over octaves, sharply at a knee, and lets an exact batch size
 * differ from its neighbour (a page, a cliff). Each is a product of a factor in batch and one in concurrency, so that
 * a grid of candidates costs two small tables. Source: Rasmussen & Williams 2006, algorithm 2.1.
 * Cost: n^3 / 6 + O(n) per mean and O(n^2) per variance, n <= MAX_CELLS.
 */

import { square } from './numbers.ts';

export interface Residual {
  readonly batch: number;
  readonly inFlight: number;
  /** Logarithm of measured over expected. */
  readonly value: number;
  readonly variance: number;
}

/** Octaves. The second is a quarter of the first, so its factor is the sixteenth power of the other. */
const WIDE = 1.2;
const SHARP = 0.06;
/** Shares of the three scales in the variance: wide, middle (WIDE / 4), sharp. The rougher the later. */
const SHARES = [
  [0.97, 0.03, 0],
  [0.6, 0.4, 0],
  [0.4, 0.35, 0.25],
] as const;
const SCALES = 3;

/** What the field is expected to be like; chosen by evidence. */
export interface Texture {
  /** Standard deviation of what the prior leaves unexplained, > 0. */
  readonly amplitude: number;
  /** Index into SHARES. */
  readonly roughness: 0 | 1 | 2;
}

export class ResidualField {
  readonly #size: number;
  readonly #amplitude: number;
  readonly #shares: readonly [number, number, number];
  readonly #isSharp: boolean;
  readonly #logBatch: Float64Array;
  readonly #logInFlight: Float64Array;
  /** Lower triangle of the Cholesky factor, row by row. */
  readonly #factor: Float64Array;
  readonly #weights: Float64Array;
  readonly #batchTables = new Map<number, Float64Array>();
  readonly #inFlightTables = new Map<number, Float64Array>();

  /** Logarithm of the likelihood of the residuals, up to a constant. */
  readonly evidence: number;

  constructor(residuals: readonly Residual[], { amplitude, roughness }: Texture) {
    this.#size = residuals.length;
    this.#amplitude = amplitude;
    this.#shares = SHARES[roughness];
    this.#isSharp = this.#shares[2] > 0;
    this.#logBatch = Float64Array.from(residuals, ({ batch }) => Math.log2(batch));
    this.#logInFlight = Float64Array.from(residuals, ({ inFlight }) => Math.log2(inFlight));
    this.#factor = this.#factorize(residuals);
    const whitened = this.#solve(Float64Array.from(residuals, ({ value }) => value));
    this.#weights = this.#solveTransposed(whitened);
    let evidence = 0;
    for (let i = 0; i < this.#size; i += 1) {
      evidence -= square(whitened[i] as number) / 2 + Math.log(this.#factor[i * this.#size + i] as number);
    }
    this.evidence = evidence;
  }

  mean(batch: number, inFlight: number): number {
    const inBatch = this.#tableOf(this.#batchTables, batch, this.#logBatch);
    const inConcurrency = this.#tableOf(this.#inFlightTables, inFlight, this.#logInFlight);
    const weights = this.#weights;
    const size = this.#size;
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
    return square(this.#amplitude) * (this.#shares[0] * wide + this.#shares[1] * middle + this.#shares[2] * sharp);
  }

  variance(batch: number, inFlight: number): number {
    const projected = this.#solve(this.#covariances(batch, inFlight));
    let explained = 0;
    for (const each of projected) explained += each * each;
    return Math.max(0, square(this.#amplitude) - explained);
  }

  #covariances(batch: number, inFlight: number): Float64Array {
    const inBatch = this.#tableOf(this.#batchTables, batch, this.#logBatch);
    const inConcurrency = this.#tableOf(this.#inFlightTables, inFlight, this.#logInFlight);
    const covariances = new Float64Array(this.#size);
    const size = this.#size;
    const power = square(this.#amplitude);
    for (let i = 0; i < size; i += 1) {
      covariances[i] =
        power *
        (this.#shares[0] * (inBatch[i] as number) * (inConcurrency[i] as number) +
          this.#shares[1] * (inBatch[size + i] as number) * (inConcurrency[size + i] as number) +
          this.#shares[2] * (inBatch[2 * size + i] as number) * (inConcurrency[2 * size + i] as number));
    }
    return covariances;
  }

  #factorize(residuals: readonly Residual[]): Float64Array {
    const size = this.#size;
    const factor = new Float64Array(size * size);
    residuals.forEach(({ batch, inFlight, variance }, i) => {
      const covariances = this.#covariances(batch, inFlight);
      for (let j = 0; j <= i; j += 1) {
        let sum = (covariances[j] as number) + (i === j ? variance : 0);
        for (let k = 0; k < j; k += 1) sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
        factor[i * size + j] =
          i === j
            ? Math.sqrt(Math.max(sum, MIN_PIVOT * square(this.#amplitude)))
            : sum / (factor[j * size + j] as number);
      }
    });
    return factor;
  }

  /** L x = right. */
  #solve(right: Float64Array): Float64Array {
    const size = this.#size;
    const x = right.slice();
    for (let i = 0; i < size; i += 1) {
      let sum = x[i] as number;
      const row = i * size;
      for (let k = 0; k < i; k += 1) sum -= (this.#factor[row + k] as number) * (x[k] as number);
      x[i] = sum / (this.#factor[row + i] as number);
    }
    return x;
  }

  /** L' x = right. */
  #solveTransposed(right: Float64Array): Float64Array {
    const size = this.#size;
    const x = right.slice();
    for (let i = size - 1; i >= 0; i -= 1) {
      let sum = x[i] as number;
      for (let k = i + 1; k < size; k += 1) sum -= (this.#factor[k * size + i] as number) * (x[k] as number);
      x[i] = sum / (this.#factor[i * size + i] as number);
    }
    return x;
  }

  /** Factors of the covariance between a coordinate and those of all cells, scale by scale; kept for the next candidate. */
  #tableOf(tables: Map<number, Float64Array>, value: number, places: Float64Array): Float64Array {
    const known = tables.get(value);
    if (known !== undefined) return known;
    const size = this.#size;
    const table = new Float64Array(SCALES * size);
    const at = Math.log2(value);
    for (let i = 0; i < size; i += 1) {
      const distance = at - (places[i] as number);
      const wide = Math.exp((distance * distance) / (-2 * WIDE * WIDE));
      const fourth = wide * wide * wide * wide;
      table[i] = wide;
      table[size + i] = fourth * fourth * fourth * fourth;
    }
    if (this.#isSharp) {
      for (let i = 0; i < size; i += 1) table[2 * size + i] = Math.exp(-Math.abs(at - (places[i] as number)) / SHARP);
    }
    tables.set(value, table);
    return table;
  }
}

/** Share of the variance below which a pivot is rounding. */
const MIN_PIVOT = 1e-9;
