/**
 * Dense ids of a string field, for formats that are decoded to strings first.
 *
 * Invariants
 * - Ids are given in order of arrival and never change; at most MAX_KEY_ENTRIES of them.
 */
import { MAX_KEY_ENTRIES } from './dictionary.ts';

export class KeyIds {
  readonly values: string[] = [];
  readonly #ids = new Map<string, number>();

  /** The id of `value`; -1 for what is not a string or came after the dictionary was full. */
  idOf(value: unknown): number {
    if (typeof value !== 'string') return -1;
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    if (this.values.length >= MAX_KEY_ENTRIES) return -1;
    this.#ids.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}
