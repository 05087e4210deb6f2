import { grownFloats, movedFloats } from '../../state/columns.ts';
import { type LiveRows, NO_ROW } from './live-rows.ts';
import { Timers } from './timers.ts';

/** Timers above which those that are void are looked for. */
const FEW_TIMERS = 1024;

/**
 * When rows are woken: when something in them ends by its time and, where `cache.expirationTime` asks for it, when nothing has
 * changed them for so long.
 *
 * Invariants (pattern-set.test.ts)
 * - A row has one alarm at most, no later than its deadline. It may be earlier: whoever is woken looks, and sets it anew.
 * - What is void is let go before it is twice as much as there are rows.
 */
export class Alarms {
  /** The time of the row that was woken last. */
  dueMs: number = -Infinity;
  readonly #rows: LiveRows<unknown>;
  readonly #expirationMs: number;
  readonly #timers = new Timers();
  /** By row, where rows expire: when an event changed it last. */
  #touchedMs: Float64Array | undefined;

  /** @param expirationMs - Infinity: rows do not expire */
  constructor(rows: LiveRows<unknown>, expirationMs: number) {
    this.#rows = rows;
    this.#expirationMs = expirationMs;
    if (expirationMs < Infinity) this.#touchedMs = new Float64Array(16);
  }

  /** Timers that are held, those that are void included. */
  get size(): number {
    return this.#timers.size;
  }

  /** Earliest time at which a row may be woken. */
  get nextMs(): number {
    return this.#timers.nextMs;
  }

  /** Whether a row has an alarm that suffices while its deadline only moves on. */
  isSet(row: number): boolean {
    return this.#touchedMs === undefined && this.#rows.wakeMs[row] !== Infinity;
  }

  /** @param touchedMs - when an event changed the row last */
  set(row: number, deadlineMs: number, touchedMs: number): void {
    const { wakeMs } = this.#rows;
    const dueMs = this.#touchedMs === undefined ? deadlineMs : Math.min(deadlineMs, this.#touch(row, touchedMs));
    if (dueMs >= (wakeMs[row] as number)) return;
    wakeMs[row] = dueMs;
    const timers = this.#timers;
    timers.push(dueMs, row);
    if (timers.size > 2 * this.#rows.size + FEW_TIMERS) this.#retain((standing) => standing);
  }

  /** Takes out a row that is due by `ts`, which has no alarm then; NO_ROW: none is. */
  next(ts: number): number {
    const timers = this.#timers;
    for (let dueMs = timers.nextMs; dueMs <= ts && dueMs < Infinity; dueMs = timers.nextMs) {
      const row = timers.pop();
      if (!this.#isDue(dueMs, row)) continue;
      this.#rows.wakeMs[row] = Infinity;
      this.dueMs = dueMs;
      return row;
    }
    return NO_ROW;
  }

  /** When an event changed a row last; Infinity where rows do not expire. */
  touchedMs(row: number): number {
    return this.#touchedMs?.[row] ?? Infinity;
  }

  /** @param moved - where each row is now, or NO_ROW */
  move(moved: Int32Array): void {
    this.#retain((row) => moved[row] as number);
    if (this.#touchedMs !== undefined) this.#touchedMs = movedFloats(this.#touchedMs, moved, this.#rows.size);
  }

  /** Lets go of what is void: of a row that came and went within one time, one timer is kept and not one for each of its lives. */
  #retain(rowOf: (row: number) => number): void {
    const seen = new Uint8Array(this.#rows.wakeMs.length);
    this.#timers.retain((timeMs, before) => {
      const row = rowOf(before);
      if (row === NO_ROW || seen[row] === 1 || !this.#isDue(timeMs, row)) return NO_ROW;
      seen[row] = 1;
      return row;
    });
  }

  #isDue(timeMs: number, row: number): boolean {
    return this.#rows.wakeMs[row] === timeMs && (this.#rows.slot[row] as number) >= 0;
  }

  /** @returns when the row expires if nothing else comes */
  #touch(row: number, touchedMs: number): number {
    if (this.#touchedMs === undefined) return Infinity;
    if (row >= this.#touchedMs.length) this.#touchedMs = grownFloats(this.#touchedMs, row);
    this.#touchedMs[row] = touchedMs;
    return touchedMs + this.#expirationMs;
  }
}
