/**
 * Where a CSV record ends: at a newline outside quotes.
 *
 * Invariants
 * - A quote opens a quoted field only at its start (RFC 4180); elsewhere it is a character.
 * - The state survives between chunks, so that no byte is walked twice however a record is cut.
 */
const QUOTE = 34;
const NEWLINE = 10;

const START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
/** After a quote inside a quoted field: closed, or the first half of an escaped one. */
const CLOSED = 3;

export class CsvFrame {
  readonly #delimiter: number;
  #state = START;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** Forgets the record in progress. */
  reset(): void {
    this.#state = START;
  }

  /** Position of the newline that ends the record in `bytes[start, end)`; -1 when it goes on. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let state = this.#state;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (state === QUOTED) {
        if (byte === QUOTE) state = CLOSED;
      } else if (byte === NEWLINE) {
        this.#state = START;
        return at;
      } else if (byte === this.#delimiter) {
        state = START;
      } else if (byte === QUOTE && state !== UNQUOTED) {
        state = QUOTED;
      } else {
        state = UNQUOTED;
      }
    }
    this.#state = state;
    return -1;
  }
}
