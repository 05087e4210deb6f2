/**
 * The partitions of many programs by number, in columns: where partial matches wait, and the set of each such state.
 *
 * Invariants (dag-program.test.ts)
 * - The sets of a partition stand in one block, in the order of its configuration's states; one without any has no block.
 * - Blocks have a power of two of cells; a block that is free is the next one's to get.
 */

import { grownInts } from '../../state/columns.ts';
import type { Configuration } from './configuration.ts';
import { NONE } from './node-arena.ts';

export class Partitions {
  /** By partition: the states in which something waits; undefined: the number is free. */
  readonly configuration: (Configuration | undefined)[] = [];
  /** By partition: the first cell of its block; NONE: it is idle. */
  block: Int32Array = new Int32Array(16);
  /** The cells of all blocks: sets, as nodes of the arena. */
  sets: Int32Array = new Int32Array(16);
  /** Sets by slot while a step is carried out. */
  #after: Int32Array = new Int32Array(16);
  readonly #free: number[] = [];
  /** By logarithm of the block's size: the first free one, whose first cell leads to the next. */
  readonly #freeBlocks: number[] = [];
  #cells = 0;

  open(empty: Configuration): number {
    const partition = this.#free.pop() ?? this.configuration.length;
    this.configuration[partition] = empty;
    if (partition >= this.block.length) this.block = grownInts(this.block, partition, NONE);
    this.block[partition] = NONE;
    return partition;
  }

  close(partition: number): void {
    this.#release(partition);
    this.configuration[partition] = undefined;
    this.#free.push(partition);
  }

  at(partition: number): Configuration {
    return this.configuration[partition] as Configuration;
  }

  /** Room for the sets of so many states, all NONE; the same each time. */
  clearAfter(states: number): Int32Array {
    if (states > this.#after.length) this.#after = grownInts(this.#after, states, NONE);
    const after = this.#after;
    for (let slot = 0; slot < states; slot += 1) after[slot] = NONE;
    return after;
  }

  /** Copies of the sets of a partition, by slot. */
  setsOf(partition: number): number[] {
    const from = this.block[partition] as number;
    return Array.from(this.sets.subarray(from, from + this.at(partition).states.length));
  }

  /** @param sets - one for each state of the configuration, from the first element on */
  put(partition: number, configuration: Configuration, sets: ArrayLike<number>): void {
    const { length } = configuration.states;
    const before = this.at(partition).states.length;
    this.configuration[partition] = configuration;
    if (before === 0 || length === 0 || classOf(before) !== classOf(length)) {
      if (before > 0) this.#releaseBlock(this.block[partition] as number, before);
      this.block[partition] = length === 0 ? NONE : this.#newBlock(length);
    }
    const from = this.block[partition] as number;
    for (let slot = 0; slot < length; slot += 1) this.sets[from + slot] = sets[slot] as number;
  }

  /** Replaces each set by what `keep` answers. */
  each(keep: (set: number) => number): void {
    const { configuration, block, sets } = this;
    for (let partition = 0; partition < configuration.length; partition += 1) {
      const from = block[partition] as number;
      if (from === NONE) continue;
      const end = from + this.at(partition).states.length;
      for (let cell = from; cell < end; cell += 1) sets[cell] = keep(sets[cell] as number);
    }
  }

  #release(partition: number): void {
    const block = this.block[partition] as number;
    if (block !== NONE) this.#releaseBlock(block, this.at(partition).states.length);
    this.block[partition] = NONE;
  }

  #releaseBlock(block: number, length: number): void {
    const size = classOf(length);
    this.sets[block] = this.#freeBlocks[size] ?? NONE;
    this.#freeBlocks[size] = block;
  }

  #newBlock(length: number): number {
    const size = classOf(length);
    const free = this.#freeBlocks[size] ?? NONE;
    if (free !== NONE) {
      this.#freeBlocks[size] = this.sets[free] as number;
      return free;
    }
    const block = this.#cells;
    this.#cells += 1 << size;
    if (this.#cells > this.sets.length) this.sets = grownInts(this.sets, this.#cells - 1, 0);
    return block;
  }
}

/** Logarithm of the least power of two that is no less. */
const classOf = (length: number): number => 32 - Math.clz32(length - 1);
