/** Throughput and p95 of any stretch of a run, from acceptance to confirmation, weighted by rows. */

import type { Sink } from 'daoflow';
import type { Row } from './row.ts';

/** Rows with the same latency: those of one chunk in one call. */
interface Confirmed {
  readonly latencyMs: number;
  readonly rows: number;
}

export interface Window {
  readonly perSecond: number;
  /** Infinity where nothing was confirmed. */
  readonly p95Ms: number;
}

/** Resolution, ms. */
const BUCKET_MS = 50;

export class Meter {
  readonly startedAt: number = performance.now();
  confirmed = 0;
  readonly #buckets: Confirmed[][] = [];
  readonly #calls: { readonly endedMs: number; readonly tookMs: number }[] = [];

  /** The same sink, measured. */
  around(sink: Sink<Row>): Sink<Row> {
    return {
      ...sink,
      open: async (context) => {
        const { write, close } = await sink.open(context);
        return {
          write: async (rows, options) => {
            const began = performance.now();
            await write(rows, options);
            this.#add(rows, began, performance.now());
          },
          ...(close === undefined ? {} : { close }),
        };
      },
    };
  }

  /** @param fromMs - since the start, as `toMs`; both in steps of 50 ms */
  window(fromMs: number, toMs: number): Window {
    const inside = this.#buckets.slice(Math.round(fromMs / BUCKET_MS), Math.round(toMs / BUCKET_MS)).flat();
    const rows = inside.reduce((sum, each) => sum + each.rows, 0);
    return { perSecond: (rows / (toMs - fromMs)) * 1000, p95Ms: p95Of(inside, rows) };
  }

  /** Windows of a second that lie within, one after the other. */
  seconds(fromMs: number, toMs: number): Window[] {
    const count = Math.max(0, Math.floor((toMs - fromMs) / 1000));
    return Array.from({ length: count }, (_, i) => this.window(fromMs + i * 1000, fromMs + (i + 1) * 1000));
  }

  /** Mean duration of the calls that ended in between. */
  callMs(fromMs: number, toMs: number): number {
    const calls = this.#calls.filter(({ endedMs }) => endedMs >= fromMs && endedMs < toMs);
    return calls.reduce((sum, { tookMs }) => sum + tookMs, 0) / Math.max(1, calls.length);
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  #add(rows: readonly Row[], began: number, now: number): void {
    const index = Math.floor((now - this.startedAt) / BUCKET_MS);
    while (this.#buckets.length <= index) this.#buckets.push([]);
    const bucket = this.#buckets[index] as Confirmed[];
    for (let i = 0; i < rows.length;) {
      const at = (rows[i] as Row).at;
      const first = i;
      while (i < rows.length && (rows[i] as Row).at === at) i += 1;
      bucket.push({ latencyMs: now - at, rows: i - first });
    }
    this.confirmed += rows.length;
    this.#calls.push({ endedMs: now - this.startedAt, tookMs: now - began });
  }
}

function p95Of(confirmed: readonly Confirmed[], rows: number): number {
  let above = rows * 0.05;
  for (const each of [...confirmed].sort((a, b) => b.latencyMs - a.latencyMs)) {
    above -= each.rows;
    if (above < 0) return each.latencyMs;
  }
  return Infinity;
}
