import { nowUs } from './clock.ts';
import type { Match } from './workload.ts';

const BUCKET_US = 10;
/** 4 s; later confirmations count as this. */
const BUCKETS = 400_000;

export interface Latency {
  readonly count: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/**
 * The sink of every engine: an async function over batches that answers a turn of the event loop
 * later, and the latency of what it confirms, from the intended time of sending.
 */
export class Confirmations {
  matches = 0;
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS);
  #count = 0;
  #sumUs = 0;
  #from = Infinity;
  #to = Infinity;

  readonly sink = async (batch: readonly Match[]): Promise<void> => {
    await new Promise(setImmediate);
    const now = nowUs();
    this.matches += batch.length;
    for (const { ts } of batch) if (ts >= this.#from && ts < this.#to) this.#record(now - ts);
  };

  /** Starts anew: only what was to be sent within [from, to) counts. */
  watch(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
    this.#counts.fill(0);
    this.#count = 0;
    this.#sumUs = 0;
  }

  latency(): Latency {
    return {
      count: this.#count,
      avgMs: this.#sumUs / this.#count / 1000,
      p50Ms: this.#quantileMs(0.5),
      p95Ms: this.#quantileMs(0.95),
      p99Ms: this.#quantileMs(0.99),
    };
  }

  #record(us: number): void {
    const bucket = Math.max(0, Math.min(BUCKETS - 1, Math.floor(us / BUCKET_US)));
    (this.#counts[bucket] as number) += 1;
    this.#count += 1;
    this.#sumUs += us;
  }

  /** Upper end of the bucket. */
  #quantileMs(q: number): number {
    let seen = 0;
    for (let i = 0; i < BUCKETS; i += 1) {
      seen += this.#counts[i] as number;
      if (seen > 0 && seen >= q * this.#count) return ((i + 1) * BUCKET_US) / 1000;
    }
    return NaN;
  }
}
