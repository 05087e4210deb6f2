/** One run of the flow under test, in the engine's process: from the start to the last confirmation. */

import { flow, fromBatches, type Run, type Sink } from 'daoflow';
import { http } from 'daoflow/http';
import { postgres } from 'daoflow/postgres';
import type { Child } from '../harness/index.ts';
import { Load } from './load.ts';
import { Meter } from './meter.ts';
import type { Ended, RunSpec, SinkSpec } from './protocol.ts';
import { callMsOf } from './recording.ts';
import type { Row } from './row.ts';

/** Rows that the source hands over at once: few, so that a queue of one batch is one, and its p95 is not the source's. */
const CHUNK = 16;
const STAGE = 'target';

export class Session {
  readonly #load: Load;
  readonly #meter = new Meter();
  readonly #run: Run;
  readonly #decisions: Ended['decisions'][number][] = [];

  constructor({ sink, p95Ms, fixed }: RunSpec, child: Child) {
    this.#load = new Load(child, Math.min(CHUNK, fixed?.batch ?? CHUNK));
    const options = fixed === undefined ? {} : { ...fixed, queue: { events: fixed.batch } };
    // A mean below the p95 target is met whenever the p95 is: it alone is what counts.
    this.#run = flow('real', { targets: { latency: { avg: p95Ms, p95: p95Ms } } })
      .from(fromBatches(() => this.#load.chunks()))
      .to(this.#meter.around(sinkOf(sink)), { name: STAGE, ...options })
      .run({ tuning: fixed === undefined ? 'auto' : 'off' });
    this.#run.on('decision', ({ sentence, kind }) =>
      this.#decisions.push({ sentence, kind, atMs: this.#meter.elapsedMs }),
    );
    this.#run.done.catch(() => undefined); // `end` tells
  }

  /** Mean duration of the calls that ended in between, ms since the start. */
  callMs(fromMs: number, toMs: number): number {
    return callMsOf(this.#meter.recording, fromMs, toMs);
  }

  /** @throws what the run failed with */
  async end(): Promise<Ended> {
    this.#load.stop();
    const settings = this.#run.settings.get(STAGE);
    const { accepted, confirmed } = await this.#run.done;
    const { recording } = this.#meter;
    return { recording, decisions: this.#decisions, settings, made: this.#load.made, accepted, confirmed };
  }
}

function sinkOf(spec: SinkSpec): Sink<Row> {
  return spec.kind === 'http' ? http<Row>(spec.options) : postgres<Row>(spec.options);
}
