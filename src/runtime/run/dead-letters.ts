import type { DeadLetter } from '../../event/dead-letter.ts';
import { eventBytes } from '../../event/event-size.ts';
import type { Origin } from '../../event/origin.ts';
import type { Target } from '../stage/target.ts';

/** Newest letters kept in memory for inspection, whatever the sink: so many, */
export const KEPT_DEAD_LETTERS = 1000;
/** and no more than this; the newest is there, however large. */
export const KEPT_DEAD_LETTER_BYTES: number = 8 * 1024 * 1024;

/** What a letter takes besides its event. */
const BASE_BYTES = 256;

/**
 * Counts every dead letter, keeps the newest, and hands all of them to the dead-letter sink, if there
 * is one: the origin of the event is held until that sink has confirmed the letter.
 */
export class DeadLetters {
  /** In order of arrival. */
  readonly #newest: { readonly letter: DeadLetter; readonly bytes: number }[] = [];
  #newestBytes = 0;
  #sink: Target | undefined;
  readonly #listener: (letter: DeadLetter) => void;
  #count = 0;
  #blocked: Promise<void> | undefined;

  constructor(listener: (letter: DeadLetter) => void) {
    this.#listener = listener;
  }

  /** From now on. */
  handTo(sink: Target): void {
    this.#sink = sink;
  }

  get count(): number {
    return this.#count;
  }

  /** In order of arrival. */
  newest(): readonly DeadLetter[] {
    return this.#newest.map(({ letter }) => letter);
  }

  add(letter: DeadLetter, origin: Origin): void {
    const bytes = sizeOf(letter);
    this.#count += 1;
    this.#keep(letter, bytes);
    this.#listener(letter);
    if (this.#sink === undefined) return;
    origin.retain();
    const blocked = this.#sink.write({ events: [letter], start: 0, end: 1, bytes, origin });
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

  #keep(letter: DeadLetter, bytes: number): void {
    this.#newest.push({ letter, bytes });
    this.#newestBytes += bytes;
    while (this.#newest.length > 1 && this.#isTooMuch()) this.#newestBytes -= this.#newest.shift()?.bytes ?? 0;
  }

  #isTooMuch(): boolean {
    return this.#newest.length > KEPT_DEAD_LETTERS || this.#newestBytes > KEPT_DEAD_LETTER_BYTES;
  }
}

function sizeOf({ raw, event, reason }: DeadLetter): number {
  const bytes = BASE_BYTES + reason.length + (raw?.byteLength ?? 0);
  try {
    return event === undefined ? bytes : bytes + eventBytes(event);
  } catch {
    return bytes; // a getter of the event's own throws
  }
}
