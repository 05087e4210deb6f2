import { BEGIN, COMPLETE, type Configuration, type Configurations, PASS, type Step } from './configuration.ts';
import { type NodeArena, NONE } from './node-arena.ts';
import type { Partitions } from './partitions.ts';
import type { DagSpace } from './pool.ts';

/**
 * What moves partial matches: for all patterns of one shape and one window, whatever they ask of events and whatever their
 * steps are called.
 *
 * Work per event and partition depends on the shape alone. Nothing is allocated while the configuration stays as it is, and
 * nothing is looked up by a hash: bench:patterns, any a, b+, NE, with 1,000 patterns.
 */
export class DagEngine<E> {
  readonly configurations: Configurations;
  readonly arena: NodeArena<E>;
  readonly partitions: Partitions;
  readonly withinMs: number;
  /** What started then or earlier is over. */
  overUntil: number = -Infinity;
  readonly space: DagSpace<E>;

  constructor(configurations: Configurations, space: DagSpace<E>, withinMs: number) {
    this.configurations = configurations;
    this.arena = space.arena;
    this.partitions = space.partitions;
    this.withinMs = withinMs;
    this.space = space;
  }

  /** Event time is `ts` now. */
  passTo(ts: number): void {
    const overUntil = ts - this.withinMs;
    if (overUntil <= this.overUntil) return;
    this.overUntil = overUntil;
    this.space.passTo(ts);
  }

  /**
   * One event.
   *
   * @param bits - the predicates that hold, see `Configurations.step`
   * @returns the set of the matches that it completes, or NONE; valid until the next event or partition
   */
  move(partition: number, bits: number, event: E, ts: number): number {
    this.passTo(ts);
    const { partitions } = this;
    const step = this.configurations.step(partitions.at(partition), bits);
    if (step.isInPlace) {
      if (step.code.length === 0) return NONE;
      const block = partitions.block[partition] as number;
      return this.#carryOut(step, partition, event, ts, partitions.sets, block);
    }
    const after = partitions.clearAfter(step.to.states.length);
    const complete = this.#carryOut(step, partition, event, ts, after, 0);
    this.hold(partition, step.to, after);
    return complete;
  }

  /** Event time is `ts`: takes away what is over. */
  advance(partition: number, ts: number): void {
    this.passTo(ts);
    const { partitions, overUntil } = this;
    const { start } = this.arena;
    const { sets } = partitions;
    const block = partitions.block[partition] as number;
    const configuration = partitions.at(partition);
    const { length } = configuration.states;
    const after = partitions.clearAfter(length);
    let isAnyOver = false;
    for (let slot = 0; slot < length; slot += 1) {
      const set = sets[block + slot] as number;
      if ((start[set] as number) > overUntil) after[slot] = set;
      else isAnyOver = true;
    }
    if (isAnyOver) this.hold(partition, configuration, after);
  }

  /** When the last partial match of a partition is over. */
  deadlineOf(partition: number): number {
    const { partitions } = this;
    const { start } = this.arena;
    const block = partitions.block[partition] as number;
    if (block === NONE) return Infinity;
    const end = block + partitions.at(partition).states.length;
    let latest = -Infinity;
    for (let cell = block; cell < end; cell += 1) {
      const startMs = start[partitions.sets[cell] as number] as number;
      if (startMs > latest) latest = startMs;
    }
    return latest + this.withinMs;
  }

  /** Takes over the sets of a configuration; states whose set is NONE are left out. */
  hold(partition: number, configuration: Configuration, sets: ArrayLike<number>): void {
    const { states } = configuration;
    const held = states.filter((_, slot) => sets[slot] !== NONE);
    if (held.length === states.length) this.partitions.put(partition, configuration, sets);
    else {
      const kept = Array.from({ length: states.length }, (_, slot) => sets[slot] as number).filter(
        (set) => set !== NONE,
      );
      this.partitions.put(partition, this.configurations.of(held), kept);
    }
  }

  /** What is over may stay among the sets until `advance` takes it away; it is no part of what is made. */
  #carryOut(step: Step, partition: number, event: E, ts: number, into: Int32Array, base: number): number {
    const { arena, partitions } = this;
    const block = partitions.block[partition] as number;
    const { code } = step;
    arena.reserve(step.nodes);
    const { size } = arena;
    const slot = arena.slotOf(event);
    const { start } = arena;
    let complete = NONE;
    for (let at = 0; at < code.length;) {
      const isBegun = code[at + 1] === BEGIN;
      const sources = at + 1 + (code[at] as number);
      let set = isBegun ? NONE : this.#joined(code, at + 1, sources, block);
      const label = code[sources] as number;
      const end = sources + 2 + (code[sources + 1] as number);
      at = end;
      if (set === NONE && !isBegun) continue;
      if (label !== PASS) set = arena.output(label, slot, set, isBegun ? ts : (start[set] as number));
      for (let i = sources + 2; i < end; i += 1) {
        const target = code[i] as number;
        if (target === COMPLETE) complete = this.#with(set, complete);
        else into[base + target] = this.#with(set, into[base + target] as number);
      }
    }
    partitions.made[partition] = (partitions.made[partition] as number) + arena.size - size;
    return complete;
  }

  /** The sets in these slots as one; NONE where all are over. */
  #joined(code: Int32Array, from: number, end: number, block: number): number {
    const { sets } = this.partitions;
    const { start } = this.arena;
    let joined = NONE;
    for (let at = from; at < end; at += 1) {
      const set = sets[block + (code[at] as number)] as number;
      if ((start[set] as number) > this.overUntil) joined = joined === NONE ? set : this.arena.union(set, joined);
    }
    return joined;
  }

  /** A set and what was there before it. */
  #with(set: number, before: number): number {
    const { arena, overUntil } = this;
    if (before === NONE || (arena.start[before] as number) <= overUntil) return set;
    return arena.union(set, arena.prune(before, overUntil));
  }
}
