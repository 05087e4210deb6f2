import type { Sink } from 'daoflow';
import { BUCKET_MS, stepOf, type Recording } from './recording.ts';
import type { Row } from './row.ts';

interface Gathered {
  readonly rows: Map<number, number>;
  calls: number;
  callsMs: number;
}

/** Latency of rows from acceptance to confirmation, and of the calls that wrote them. */
export class Meter {
  readonly startedAt: number = performance.now();
  readonly #buckets: Gathered[] = [];

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

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  get recording(): Recording {
    return { buckets: this.#buckets.map((bucket) => ({ ...bucket, rows: [...bucket.rows] })) };
  }

  #add(rows: readonly Row[], began: number, now: number): void {
    const bucket = this.#bucketAt(now);
    bucket.calls += 1;
    bucket.callsMs += now - began;
    for (const { at } of rows) {
      const step = stepOf(now - at);
      bucket.rows.set(step, (bucket.rows.get(step) ?? 0) + 1);
    }
  }

  #bucketAt(now: number): Gathered {
    const index = Math.floor((now - this.startedAt) / BUCKET_MS);
    while (this.#buckets.length <= index) this.#buckets.push({ rows: new Map(), calls: 0, callsMs: 0 });
    return this.#buckets[index] as Gathered;
  }
}
