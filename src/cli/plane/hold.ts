/** A thread that says nothing: for how long, and what of the user's code holds it. */

import { placeOf, type Failure, type SourceExcerpt } from '../failure.ts';
import { heldAt } from './held-at.ts';

export class Hold {
  readonly #threadId: number;
  readonly #mostMs: number;
  readonly #locate: typeof heldAt;
  #lookedAt: number;
  #silentMs = 0;
  /** Of this silence; undefined: not asked yet. */
  #place: Promise<SourceExcerpt | undefined> | undefined;
  #at: SourceExcerpt | undefined;

  /**
   * @param mostMs - what counts between two looks at most: time in which the looking thread stood still itself (the process
   *   was stopped, the machine slept) is none in which the other one was held
   */
  constructor(threadId: number, nowMs: number, mostMs: number, locate: typeof heldAt = heldAt) {
    this.#threadId = threadId;
    this.#lookedAt = nowMs;
    this.#mostMs = mostMs;
    this.#locate = locate;
  }

  heard(): void {
    this.#silentMs = 0;
    this.#place = undefined;
    this.#at = undefined;
  }

  /** To be called again and again. @returns how long it has said nothing, ms */
  look(nowMs: number): number {
    this.#silentMs += Math.min(nowMs - this.#lookedAt, this.#mostMs);
    this.#lookedAt = nowMs;
    return this.#silentMs;
  }

  /** What holds it and since when, once per silence; undefined when that is not known, or was said. */
  async explain(): Promise<string | undefined> {
    if (this.#place !== undefined) return undefined;
    const since = new Date(Date.now() - this.#silentMs);
    const place = this.#locate(this.#threadId, process.cwd());
    this.#place = place;
    const at = await place;
    if (at === undefined || this.#place !== place) return undefined;
    this.#at = at;
    const text = at.text.trim().slice(0, 100);
    return `since ${since.toISOString().slice(11, 19)} UTC the thread of the flow is held at ${placeOf(at)}${text === '' ? '' : `: ${text}`}`;
  }

  failure(ms: number): Failure {
    return {
      kind: 'failed',
      message: `the flow's own code has held its thread for ${(ms / 1000).toFixed(1)} s`,
      at: this.#at,
      fix: 'cut the work into pieces, or hand it to a worker; if it may take that long: --block-timeout 5m',
    };
  }
}
