import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Origin } from '../../event/origin.ts';
import type { Target } from '../stage/target.ts';

/** Newest letters kept in memory for inspection, whatever the sink. */
export const KEPT_DEAD_LETTERS = 1000;

/**
 * Counts every dead letter, keeps the newest, and hands all of them to the dead-letter sink, if there
 * is one: the origin of the event is held until that sink has confirmed the letter.
 */
export class DeadLetters {
  readonly #newest: DeadLetter[] = [];
  readonly #sink: Target | undefined;
  readonly #listener: (letter: DeadLetter) => void;
  #count = 0;
  #blocked: Promise<void> | undefined;

  constructor(sink: Target | undefined, listener: (letter: DeadLetter) => void) {
    this.#sink = sink;
    this.#listener = listener;
  }

  get count(): number {
    return this.#count;
  }

  /** In order of arrival. */
  newest(): readonly DeadLetter[] {
    const split = this.#count > KEPT_DEAD_LETTERS ? this.#count % KEPT_DEAD_LETTERS : 0;
    return [...this.#newest.slice(split), ...this.#newest.slice(0, split)];
  }

  add(letter: DeadLetter, origin: Origin): void {
    this.#newest[this.#count % KEPT_DEAD_LETTERS] = letter;
    this.#count += 1;
    this.#listener(letter);
    if (this.#sink === undefined) return;
    origin.retain();
    const blocked = this.#sink.write({ events: [letter], start: 0, end: 1, bytes: sizeOf(letter), origin });
    if (blocked === undefined || blocked === this.#blocked) return;
    this.#blocked = blocked;
    void blocked.then(() => {
      if (this.#blocked === blocked) this.#blocked = undefined;
    });
  }

  /** Resolves when the sink can take more: sources wait for it, so that letters stay bounded. */
  whenRoom(): undefined | Promise<void> {
    return this.#blocked;
  }

  close(): void {
    this.#sink?.close();
  }
}

function sizeOf(letter: DeadLetter): number {
  return 256 + (letter.raw?.byteLength ?? 0);
}
