/**
 * Mergeable quantiles of any finite doubles, negative ones included.
 *
 * Up to `EXACT_VALUES` values are kept as they are and answered exactly. Beyond that: counters of
 * logarithmic buckets (gamma^(i-1), gamma^i], gamma = (1 + a) / (1 - a), each answered by a value
 * within relative error a of everything in it.
 * Error: relative, at most 1 %, of the value at the asked rank. Lost only for the smallest
 * magnitudes of a sketch whose values span more than a factor of 10^17: they share one bucket.
 * Memory: at most 2 x MAX_BUCKETS counters (32 KB); 2.8 KB for values within a factor of 1000.
 * Merging two sketches answers as one that saw all values, within that span (percentile-sketch.test.ts).
 * Source: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019.
 */

/** Just under the documented 1 %, so that rounding of the logarithm cannot exceed it. */
const ACCURACY = 0.0099;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const PER_LOG = 1 / Math.log(GAMMA);
/** 2048 buckets of 2 % span a factor of 4 * 10^17. */
const MAX_BUCKETS = 2048;
const CHUNK = 64;
/** Small windows stay exact and small: 32 doubles are less than the smallest counter array. */
const EXACT_VALUES = 32;

export interface BucketData {
  readonly total: number;
  readonly counts: Float64Array;
  readonly first: number;
}

export interface PercentileData {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly exact: number[] | undefined;
  readonly zeros: number;
  readonly positive: BucketData;
  readonly negative: BucketData;
}

export class PercentileSketch {
  #count = 0;
  #min = Infinity;
  #max = -Infinity;
  #exact: number[] | undefined = [];
  #zeros = 0;
  readonly #positive = new Buckets();
  readonly #negative = new Buckets();

  /** @param value - finite */
  add(value: number): void {
    this.#count += 1;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (this.#exact === undefined) this.#tally(value);
    else if (this.#exact.push(value) > EXACT_VALUES) this.#spill();
  }

  /** Adds everything that `other` saw; `other` stays as it is. */
  merge(other: PercentileSketch): void {
    if (other.#exact !== undefined) {
      for (const value of other.#exact) this.add(value);
      return;
    }
    if (this.#exact !== undefined) this.#spill();
    this.#count += other.#count;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#zeros += other.#zeros;
    this.#positive.merge(other.#positive);
    this.#negative.merge(other.#negative);
  }

  snapshot(): PercentileData {
    const [positive, negative] = [this.#positive.snapshot(), this.#negative.snapshot()];
    const exact = this.#exact === undefined ? undefined : [...this.#exact];
    return { count: this.#count, min: this.#min, max: this.#max, exact, zeros: this.#zeros, positive, negative };
  }

  static restored(data: PercentileData): PercentileSketch {
    const sketch = new PercentileSketch();
    sketch.#count = data.count;
    sketch.#min = data.min;
    sketch.#max = data.max;
    sketch.#exact = data.exact;
    sketch.#zeros = data.zeros;
    sketch.#positive.restore(data.positive);
    sketch.#negative.restore(data.negative);
    return sketch;
  }

  /** The value of rank ceil(q * count), counted from the smallest; NaN when empty. @param q - 0..1 */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    if (this.#exact !== undefined) return this.#exact.sort(ascending)[rank - 1] as number;
    if (rank === 1) return this.#min;
    if (rank === this.#count) return this.#max;
    const estimate = this.#estimate(rank);
    return Math.min(Math.max(estimate, this.#min), this.#max);
  }

  #estimate(rank: number): number {
    const negatives = this.#negative.total;
    if (rank <= negatives) return -this.#negative.valueAt(negatives - rank + 1);
    if (rank <= negatives + this.#zeros) return 0;
    return this.#positive.valueAt(rank - negatives - this.#zeros);
  }

  #spill(): void {
    const values = this.#exact as number[];
    this.#exact = undefined;
    for (const value of values) this.#tally(value);
  }

  #tally(value: number): void {
    if (value > 0) this.#positive.add(Math.ceil(Math.log(value) * PER_LOG), 1);
    else if (value < 0) this.#negative.add(Math.ceil(Math.log(-value) * PER_LOG), 1);
    else this.#zeros += 1;
  }
}

/** Counters of a contiguous range of bucket numbers; the lowest ones merge when the range grows too wide. */
class Buckets {
  total = 0;
  #counts: Float64Array = EMPTY;
  /** Bucket number of `#counts[0]`. */
  #first = 0;

  add(bucket: number, weight: number): void {
    let at = bucket - this.#first;
    if (at < 0 || at >= this.#counts.length) at = this.#reach(bucket) - this.#first;
    (this.#counts[at] as number) += weight;
    this.total += weight;
  }

  snapshot(): BucketData {
    return { total: this.total, counts: this.#counts.slice(), first: this.#first };
  }

  restore({ total, counts, first }: BucketData): void {
    this.total = total;
    this.#counts = counts.slice();
    this.#first = first;
  }

  merge(other: Buckets): void {
    // From the top, so that a range that has to collapse does so once, at its bottom.
    for (let i = other.#counts.length - 1; i >= 0; i -= 1) {
      const weight = other.#counts[i] as number;
      if (weight > 0) this.add(other.#first + i, weight);
    }
  }

  /** Representative of the bucket that holds the rank-th smallest, rank >= 1. */
  valueAt(rank: number): number {
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i += 1) {
      seen += this.#counts[i] as number;
      if (seen >= rank) return representative(this.#first + i);
    }
    return representative(this.#first + this.#counts.length - 1);
  }

  /** Makes room for a bucket. Returns the bucket that stands for it: itself, or the lowest kept one. */
  #reach(bucket: number): number {
    const length = this.#counts.length;
    if (length === 0) {
      this.#first = bucket - (CHUNK >> 1);
      this.#counts = new Float64Array(CHUNK);
      return bucket;
    }
    const top = Math.max(this.#first + length - 1, bucket + (bucket >= this.#first + length ? CHUNK - 1 : 0));
    const wanted = Math.min(this.#first, bucket < this.#first ? bucket - CHUNK + 1 : bucket);
    const bottom = Math.max(wanted, top - MAX_BUCKETS + 1);
    if (bottom !== this.#first || top !== this.#first + length - 1) this.#resize(bottom, top);
    return Math.max(bucket, bottom);
  }

  #resize(bottom: number, top: number): void {
    const counts = new Float64Array(top - bottom + 1);
    for (let i = 0; i < this.#counts.length; i += 1) {
      const at = Math.max(0, this.#first + i - bottom);
      (counts[at] as number) += this.#counts[i] as number;
    }
    this.#counts = counts;
    this.#first = bottom;
  }
}

const EMPTY = new Float64Array(0);

/** Within ACCURACY of both ends of the bucket. */
function representative(bucket: number): number {
  // Two factors, so that the highest bucket does not overflow to Infinity.
  const half = bucket >> 1;
  return GAMMA ** half * ((2 * GAMMA ** (bucket - half)) / (1 + GAMMA));
}

function ascending(a: number, b: number): number {
  return a - b;
}
