/**
 * Key -> dense slot, so that keyed state can live in typed columns.
 *
 * Invariants (key-index.test.ts)
 * - One key has one slot from its first `slotOf` to its `release`; two live keys never share one.
 * - A dense id is a hint only: `byId[id]` counts when the slot holds that very key, so an id that
 *   is stale, foreign or from another dictionary costs a Map lookup and never gives a wrong slot.
 * - Keys live in a Map and an array, never as property names: `__proto__`, '' and NUL are plain keys,
 *   1 and '1' are two keys, and 0 and -0 are one.
 * - Plain data throughout: `keys` alone rebuilds the index.
 */

import { grownInts, INITIAL_SLOTS } from './columns.ts';

/** `undefined` is the one key of a flow that is not keyed. */
export type StateKey = string | number | undefined;

/** Stands in `keys` for a slot that no key owns. */
export const FREE: unique symbol = Symbol('daoflow.free-slot');

/** Ids from here on are looked up by key: bounds the id table at 4 MB whatever ids arrive. */
export const MAX_DENSE_IDS: number = 2 ** 20;

/** Live keys with their slots, and the free slots in the order in which they are reused. */
export interface IndexData {
  readonly slots: readonly number[];
  readonly keys: readonly StateKey[];
  readonly free: readonly number[];
}

export class KeyIndex {
  /** Slot by dense id, or -1. Replaced when it grows. */
  byId: Int32Array = new Int32Array(INITIAL_SLOTS).fill(-1);
  /** Key by slot. Its length is the number of slots ever in use at once. */
  readonly keys: (StateKey | typeof FREE)[] = [];
  /** Slot by key, but for the key of a flow that is not keyed. Only read elsewhere. */
  readonly slots: Map<StateKey, number> = new Map<StateKey, number>();
  readonly #free: number[] = [];
  #unkeyed = -1;

  /** Live keys. */
  get size(): number {
    return this.slots.size + (this.#unkeyed < 0 ? 0 : 1);
  }

  /** The slot of a key, or -1. Cost: two array reads with a good id, else a Map lookup. */
  find(key: StateKey, keyId: number): number {
    if (keyId >= 0 && keyId < this.byId.length) {
      const slot = this.byId[keyId] as number;
      if (slot >= 0 && this.keys[slot] === key) return slot;
    }
    return this.#lookUp(key, keyId);
  }

  /** The slot of a key; a new one when it has none. */
  slotOf(key: StateKey, keyId: number): number {
    const slot = this.find(key, keyId);
    return slot >= 0 ? slot : this.insert(key, keyId);
  }

  /** A new slot for a key that has none. */
  insert(key: StateKey, keyId: number): number {
    const slot = this.#free.pop() ?? this.keys.length;
    this.keys[slot] = key === 0 ? 0 : key; // -0 is 0, as in a Map
    if (key === undefined) this.#unkeyed = slot;
    else this.slots.set(key, slot);
    if (keyId >= 0) this.#bind(key, keyId, slot);
    return slot;
  }

  /** The slot's key is gone and the slot may be reused. The owner of columns clears them. */
  release(slot: number): void {
    const key = this.keys[slot] as StateKey;
    if (key === undefined) this.#unkeyed = -1;
    else this.slots.delete(key);
    this.keys[slot] = FREE;
    this.#free.push(slot);
  }

  /**
   * Slots without a gap, in their order, and no memory for those that were free. Cost: all slots, and a Map operation a key.
   *
   * @returns where each slot is now, or -1. The owner of columns moves them.
   */
  compact(): Int32Array {
    const { keys } = this;
    const moved = new Int32Array(keys.length).fill(-1);
    let next = 0;
    for (const [slot, key] of keys.entries()) {
      if (key === FREE) continue;
      moved[slot] = next;
      keys[next] = key;
      if (key === undefined) this.#unkeyed = next;
      else this.slots.set(key, next);
      next += 1;
    }
    keys.length = next;
    this.#free.length = 0;
    this.byId = new Int32Array(INITIAL_SLOTS).fill(-1);
    return moved;
  }

  snapshot(): IndexData {
    const slots = this.keys.flatMap((key, slot) => (key === FREE ? [] : [slot]));
    return { slots, keys: slots.map((slot) => this.keys[slot] as StateKey), free: [...this.#free] };
  }

  /** Only on a new index. Slots are those of the snapshot; dense ids are learned anew. */
  restore({ slots, keys, free }: IndexData): void {
    for (const slot of free) this.keys[slot] = FREE;
    for (const [i, slot] of slots.entries()) {
      const key = keys[i];
      this.keys[slot] = key;
      if (key === undefined) this.#unkeyed = slot;
      else this.slots.set(key, slot);
    }
    this.#free.push(...free);
  }

  #lookUp(key: StateKey, keyId: number): number {
    if (key === undefined) return this.#unkeyed;
    const slot = this.slots.get(key);
    if (slot === undefined) return -1;
    if (keyId >= 0) this.#bind(key, keyId, slot);
    return slot;
  }

  /** Keeps the dictionary's own string as the key, so that later comparisons are of pointers. */
  #bind(key: StateKey, keyId: number, slot: number): void {
    if (keyId >= MAX_DENSE_IDS || typeof key !== 'string') return;
    if (keyId >= this.byId.length) this.byId = grownInts(this.byId, keyId, -1);
    this.byId[keyId] = slot;
    this.keys[slot] = key;
  }
}
