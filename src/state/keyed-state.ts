/**
 * One value per key with a time to live and a bound on keys: the state behind scan, mapWithState and dedupe.
 *
 * Invariants (keyed-state.test.ts)
 * - A key not touched for `ttlMs` of the operator's time reads as new. When it was swept makes no
 *   difference to any result: the sweep frees only what every later access would find expired.
 * - At most `maxKeys` keys are held. A new key beyond that evicts the least recently touched of
 *   `EVICTION_SAMPLE` neighbours, counted in `evicted`.
 * - No timers and no full scans: each access looks at `SWEEP_SLOTS` slots, so n accesses sweep
 *   2n slots and a dead key lives on for at most (slots / 2) accesses.
 * - A vacant slot holds a key that was forgotten, for when it comes again: `undefined` where the state vacates at all. It
 *   counts nowhere, goes before any key in use, and there are at most SPARE_SLOTS of them, or as many as keys in use.
 * - Plain data throughout: keys, values and times are three parallel arrays.
 */

import { grownFloats, INITIAL_SLOTS } from './columns.ts';
import { FREE, type IndexData, KeyIndex, type StateKey } from './key-index.ts';

/** About 100 bytes of index and columns per key: 100 MB before the user's values. */
export const DEFAULT_MAX_KEYS = 1_000_000;
const SWEEP_SLOTS = 2;
/** Vacant slots that are kept whatever the keys in use: 100 KB. */
const SPARE_SLOTS = 1024;
/** As good as true LRU for skewed keys at a fraction of its cost (sampled eviction, as caches do it). */
const EVICTION_SAMPLE = 16;

export interface KeyedStateOptions<S> {
  /** The state of a key that was never seen, has expired, or was evicted. */
  readonly initial: () => S;
  /** Milliseconds since the last touch; Infinity: for ever. */
  readonly ttlMs: number;
  readonly maxKeys: number;
}

export interface KeyedStateData<S> {
  readonly index: IndexData;
  /** By position in `index.slots`, as `touched`. */
  readonly values: readonly S[];
  readonly touched: Float64Array;
  readonly hand: number;
}

export class KeyedState<S> {
  /** By slot. A caller writes `values[slot]` after `touch` or `find`. */
  readonly values: S[] = [];
  readonly index: KeyIndex = new KeyIndex();
  evicted = 0;
  expired = 0;
  readonly #initial: () => S;
  readonly #ttlMs: number;
  readonly #maxKeys: number;
  #touched: Float64Array = new Float64Array(INITIAL_SLOTS);
  #hand = 0;
  #vacant = 0;
  /** Slots that were vacated, oldest first from `#oldest` on, once each; some are in use again. */
  #vacated: number[] = [];
  #oldest = 0;
  readonly #isListed: boolean[] = [];

  constructor(options: KeyedStateOptions<S>) {
    this.#initial = options.initial;
    this.#ttlMs = options.ttlMs;
    this.#maxKeys = options.maxKeys;
  }

  get size(): number {
    return this.index.size - this.#vacant;
  }

  /**
   * The slot of a key's value, made new when it has none, with its time renewed.
   *
   * @param timeMs - of the event
   * @param watermarkMs - of the operator; an event behind it counts as happening now
   */
  touch(key: StateKey, keyId: number, timeMs: number, watermarkMs: number): number {
    const slot = this.find(key, keyId, timeMs, watermarkMs);
    if (slot < 0) return this.#insert(key, keyId, timeMs > watermarkMs ? timeMs : watermarkMs);
    this.renew(slot, timeMs, watermarkMs);
    return slot;
  }

  /** Renews the time of a slot that `find` has given. */
  renew(slot: number, timeMs: number, watermarkMs: number): void {
    const now = timeMs > watermarkMs ? timeMs : watermarkMs;
    if (now > (this.#touched[slot] as number)) this.#touched[slot] = now;
  }

  /** The slot of a live key, or a vacant one, or -1. Does not renew its time. */
  find(key: StateKey, keyId: number, timeMs: number, watermarkMs: number): number {
    if (this.#ttlMs === Infinity) return this.index.find(key, keyId);
    this.#sweep(watermarkMs);
    const slot = this.index.find(key, keyId);
    if (slot < 0) return slot;
    const now = timeMs > watermarkMs ? timeMs : watermarkMs;
    if (now - (this.#touched[slot] as number) < this.#ttlMs) return slot;
    this.#expire(slot);
    return -1;
  }

  /** Forgets the key of a slot; its state is new from here on. */
  release(slot: number): void {
    this.values[slot] = this.#blank();
    this.index.release(slot);
  }

  /**
   * Forgets the key of a slot as `release` does, but keeps its place. For values that are never undefined otherwise; keys
   * that come and go then cost no Map operation.
   */
  vacate(slot: number): void {
    this.values[slot] = undefined as S;
    this.#vacant += 1;
    if (this.#isListed[slot] !== true) {
      this.#isListed[slot] = true;
      this.#vacated.push(slot);
    }
    if (this.#vacant > SPARE_SLOTS && this.#vacant > this.size) this.#releaseVacant();
  }

  /** A value for a slot that `find` has given, vacant or not. */
  put(slot: number, value: S, timeMs: number, watermarkMs: number): void {
    if (this.#isVacant(slot)) {
      this.#vacant -= 1;
      this.#touched[slot] = -Infinity; // what the key had before it was forgotten must not prolong its new life
    }
    this.values[slot] = value;
    this.renew(slot, timeMs, watermarkMs);
  }

  counts(): Readonly<Record<string, number>> {
    return { keys: this.size, evicted: this.evicted, expired: this.expired };
  }

  /** A copy but for the values themselves. */
  snapshot(): KeyedStateData<S> {
    while (this.#vacant > 0) this.#releaseVacant();
    const index = this.index.snapshot();
    return {
      index,
      values: index.slots.map((slot) => this.values[slot] as S),
      touched: Float64Array.from(index.slots, (slot) => this.#touched[slot] as number),
      hand: this.#hand,
    };
  }

  /** Only on a new state. @param migrate - makes a value of today out of a stored one */
  restore({ index, values, touched, hand }: KeyedStateData<S>, migrate: (value: S) => S = (value) => value): void {
    this.index.restore(index);
    this.#hand = hand;
    const slots = this.index.keys.length;
    if (slots > this.#touched.length) this.#touched = grownFloats(this.#touched, slots);
    for (let slot = 0; slot < slots; slot += 1) this.values.push(this.#initial());
    for (const [i, slot] of index.slots.entries()) {
      this.values[slot] = migrate(values[i] as S);
      this.#touched[slot] = touched[i] as number;
    }
    for (const slot of index.free) this.values[slot] = this.#blank();
  }

  #insert(key: StateKey, keyId: number, now: number): number {
    const value = this.#initial();
    if (this.index.size >= this.#maxKeys) {
      if (this.#vacant > 0) this.#releaseVacant();
      else this.#evict();
    }
    const slot = this.index.insert(key, keyId);
    if (slot >= this.#touched.length) this.#touched = grownFloats(this.#touched, slot);
    this.#touched[slot] = now;
    this.values[slot] = value;
    return slot;
  }

  #sweep(watermarkMs: number): void {
    const slots = this.index.keys.length;
    for (let i = 0; i < SWEEP_SLOTS && i < slots; i += 1) {
      const slot = this.#next(slots);
      if (this.index.keys[slot] !== FREE && watermarkMs - (this.#touched[slot] as number) >= this.#ttlMs) {
        this.#expire(slot);
      }
    }
  }

  #evict(): void {
    const slots = this.index.keys.length;
    let oldest = -1;
    for (let i = 0; i < slots && (i < EVICTION_SAMPLE || oldest < 0); i += 1) {
      const slot = this.#next(slots);
      if (this.index.keys[slot] === FREE) continue;
      if (oldest < 0 || (this.#touched[slot] as number) < (this.#touched[oldest] as number)) oldest = slot;
    }
    this.release(oldest);
    this.evicted += 1;
  }

  #expire(slot: number): void {
    if (this.#isVacant(slot)) this.#vacant -= 1;
    else this.expired += 1;
    this.release(slot);
  }

  #isVacant(slot: number): boolean {
    return this.#vacant > 0 && this.values[slot] === undefined;
  }

  /** The one that was vacated first; there is one. */
  #releaseVacant(): void {
    for (; this.#oldest < this.#vacated.length; this.#oldest += 1) {
      const slot = this.#vacated[this.#oldest] as number;
      this.#isListed[slot] = false;
      if (this.index.keys[slot] === FREE || this.values[slot] !== undefined) continue;
      this.#oldest += 1;
      this.#vacant -= 1;
      this.release(slot);
      break;
    }
    if (this.#oldest * 2 < this.#vacated.length) return;
    this.#vacated = this.#vacated.slice(this.#oldest);
    this.#oldest = 0;
  }

  #next(slots: number): number {
    this.#hand = this.#hand + 1 < slots ? this.#hand + 1 : 0;
    return this.#hand;
  }

  /** Lets go of an object; a number stays, so that an array of numbers keeps its compact form. */
  #blank(): S {
    const value = this.values[0];
    return typeof value === 'number' ? (0 as S) : (undefined as S);
  }
}
