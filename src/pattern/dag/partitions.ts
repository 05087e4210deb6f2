/**
 * The partitions of many programs by number, in columns: where partial matches wait, and the set of each such state.
 *
 * Invariants (dag-program.test.ts)
 * - The sets of a partition stand in one block, in the order of its configuration's states; one without any has no block.
 * - Blocks have a power of two of cells; a block that is free is the next one's to get.
 * - What free partitions hold is given back once they are seven of eight (`compact`).
 */

import { grownInts, movedInts } from '../../state/columns.ts';
import { Numbered } from '../numbered.ts';
import type { Configuration } from './configuration.ts';
import { NONE } from './node-arena.ts';

export class Partitions {
  /** By partition: the states in which something waits. */
  readonly #configurations = new Numbered<Configuration>();
  /** The same, one look nearer: bench:patterns, any a, b+, NE. */
  readonly #configuration = this.#configurations.things;
  /** By partition: the first cell of its block; NONE: it is idle. */
  block: Int32Array = new Int32Array(16);
  /** By partition: nodes that it had when they were last counted, and those made for it since. */
  made: Int32Array = new Int32Array(16);
  /** The cells of all blocks: sets, as nodes of the arena. */
  sets: Int32Array = new Int32Array(16);
  /** Sets by slot while a step is carried out. */
  #after: Int32Array = new Int32Array(16);
  /** By logarithm of the block's size: the first free one, whose first cell leads to the next. */
  readonly #freeBlocks: number[] = [];
  #cells = 0;
  /** In use. */
  #blocks = 0;

  /** Whether nothing waits anywhere. */
  get isIdle(): boolean {
    return this.#blocks === 0;
  }

  open(empty: Configuration): number {
    const partition = this.#configurations.add(empty);
    if (partition >= this.block.length) {
      this.block = grownInts(this.block, partition, NONE);
      this.made = grownInts(this.made, partition, 0);
    }
    this.block[partition] = NONE;
    this.made[partition] = 0;
    return partition;
  }

  /** @returns nodes that were made for it, at most */
  close(partition: number): number {
    this.#release(partition);
    this.#configurations.remove(partition);
    return this.made[partition] as number;
  }

  at(partition: number): Configuration {
    return this.#configuration[partition] as Configuration;
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
    this.#configuration[partition] = configuration;
    if (before === 0 || length === 0 || classOf(before) !== classOf(length)) {
      if (before > 0) this.#releaseBlock(this.block[partition] as number, before);
      this.block[partition] = length === 0 ? NONE : this.#newBlock(length);
    }
    const from = this.block[partition] as number;
    for (let slot = 0; slot < length; slot += 1) this.sets[from + slot] = sets[slot] as number;
  }

  /** Replaces each set by what `keep` answers. */
  each(keep: (set: number) => number): void {
    const { block, sets } = this;
    const configurations = this.#configuration;
    for (let partition = 0; partition < configurations.length; partition += 1) {
      const from = block[partition] as number;
      const configuration = configurations[partition];
      if (configuration === undefined || from === NONE) continue;
      const end = from + configuration.states.length;
      for (let cell = from; cell < end; cell += 1) sets[cell] = keep(sets[cell] as number);
    }
  }

  /** @returns where each partition is now, negative: it is free; undefined: nothing has changed */
  compact(): Int32Array | undefined {
    const moved = this.#configurations.compact();
    if (moved === undefined) return undefined;
    const { size } = this.#configurations;
    const [block, sets] = [movedInts(this.block, moved, size, NONE), this.sets];
    this.made = movedInts(this.made, moved, size, 0);
    this.block = block;
    this.sets = new Int32Array(16);
    this.#freeBlocks.length = 0;
    this.#cells = 0;
    this.#blocks = 0;
    for (let partition = 0; partition < size; partition += 1) {
      const before = block[partition] as number;
      if (before === NONE) continue;
      const { length } = this.at(partition).states;
      const after = this.#newBlock(length);
      for (let slot = 0; slot < length; slot += 1) this.sets[after + slot] = sets[before + slot] as number;
      block[partition] = after;
    }
    return moved;
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
    this.#blocks -= 1;
  }

  #newBlock(length: number): number {
    const size = classOf(length);
    this.#blocks += 1;
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
