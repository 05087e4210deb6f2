/**
 * The compact-DAG matcher: for patterns whose conditions look at one event alone. All partial matches that wait in one state
 * of the automaton do the same, so they are moved as one set: work per event depends on the pattern alone, neither on the
 * window nor on how many partial matches there are. Matches are put together only when they are complete.
 *
 * Invariants (dag-program.test.ts)
 * - The same matches as the run matcher, repetitions included.
 * - Memory is linear in the events of the window; what all programs and keys hold is in columns that they share.
 * - Event time passes for all partitions together: what is too old for one is too old for all with that window.
 *
 * Source: CORE (Bucchi, Grez, Quintana, Riveros, Vansummeren, "CORE: a Complex Event Recognition Engine", VLDB 15(9), 2022).
 */

import type {
  EventTruth,
  MatcherProgram,
  MatchOutput,
  Opening,
  PartitionSnapshot,
  PatternPartition,
  ShedOrder,
} from '../matcher.ts';
import { type PartitionStore, StoredPartition } from '../partition-store.ts';
import { awaitedBy, openingOf, type StateRow } from '../run/table.ts';
import { BEGIN, COMPLETE, type Configuration, type Configurations, PASS, SEALED, type Step } from './configuration.ts';
import { Enumerator } from './enumerate.ts';
import { type NodeArena, NONE } from './node-arena.ts';
import type { Partitions } from './partitions.ts';
import { DagPool, type DagSpace } from './pool.ts';
import { shapeOf } from './shape.ts';
import { readSnapshot, restoreGraph, snapshotGraph } from './snapshot.ts';

export interface DagOptions {
  readonly reason: string;
  readonly withinMs?: number | undefined;
  /** Matches handed out per event and key, those with later starts first. Default: all. */
  readonly limit?: number | undefined;
}

export class DagProgram<E> implements MatcherProgram<E>, PartitionStore<E> {
  readonly kind = 'dag';
  readonly isPatient = true;
  readonly reason: string;
  readonly starts: readonly number[] | undefined;
  readonly awaits: readonly number[] | undefined;
  readonly opening: Opening | undefined;
  readonly arena: NodeArena<E>;
  readonly #space: DagSpace<E>;
  readonly #partitions: Partitions;
  readonly #configurations: Configurations;
  readonly #enumerator: Enumerator<E>;
  /** Numbers of the predicates, in the order of their bits. */
  readonly #predicates: Int32Array;
  readonly #withinMs: number;
  readonly #limit: number;
  readonly #states: number;
  /** SEALED once nothing begins any more. */
  #seal = 0;
  #overUntil = -Infinity;

  /**
   * @param start - index of the row in which a match begins
   * @param pool - shared with the other programs of a set
   */
  constructor(rows: readonly StateRow<E>[], start: number, options: DagOptions, pool: DagPool<E> = new DagPool<E>()) {
    const { shape, predicates, names } = shapeOf(rows, start);
    this.reason = options.reason;
    this.#withinMs = options.withinMs ?? Infinity;
    this.#limit = options.limit ?? Infinity;
    this.#states = rows.length;
    this.#configurations = pool.automatonOf(shape);
    this.#predicates = Int32Array.from(predicates);
    this.#space = pool.spaceFor(this.#withinMs);
    this.#partitions = this.#space.partitions;
    this.arena = this.#space.arena;
    this.#enumerator = new Enumerator(this.arena, names);
    this.starts = awaitedBy(rows[start] as StateRow<E>, true);
    this.opening = openingOf(rows, start, options.withinMs);
    const waiting = rows.filter(({ kind, index }) => kind === 'normal' && index !== start);
    this.awaits = allOf([this.starts, ...waiting.map((row) => awaitedBy(row, false))]);
  }

  partition(snapshot?: PartitionSnapshot): PatternPartition<E> {
    return new StoredPartition(this, this.open(snapshot));
  }

  seal(): void {
    this.#seal = SEALED;
  }

  open(snapshot?: PartitionSnapshot): number {
    const partition = this.#partitions.open(this.#configurations.empty);
    if (snapshot !== undefined) this.#restore(partition, snapshot);
    return partition;
  }

  close(partition: number): void {
    this.#partitions.close(partition);
  }

  process(partition: number, event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void {
    this.#passTo(ts);
    const predicates = this.#predicates;
    let bits = this.#seal;
    for (let i = 0; i < predicates.length; i += 1) if (truth.holds(predicates[i] as number)) bits |= 1 << i;
    const step = this.#configurations.step(this.#partitions.at(partition), bits);
    if (!step.isStill) this.#run(partition, step, event, ts, output);
  }

  advance(partition: number, ts: number): void {
    this.#passTo(ts);
    const { start } = this.arena;
    const overUntil = this.#overUntil;
    const sets = this.#partitions.setsOf(partition);
    if (sets.every((set) => (start[set] as number) > overUntil)) return;
    const kept = sets.map((set) => ((start[set] as number) > overUntil ? set : NONE));
    this.#hold(partition, this.#partitions.at(partition), kept);
  }

  /** When its last partial match is over. */
  deadlineOf(partition: number): number {
    if (this.isIdle(partition)) return Infinity;
    const { start } = this.arena;
    let latest = -Infinity;
    for (const set of this.#partitions.setsOf(partition)) latest = Math.max(latest, start[set] as number);
    return latest + this.#withinMs;
  }

  isIdle(partition: number): boolean {
    return this.#partitions.block[partition] === NONE;
  }

  /** Sets of partial matches: one for each state in which some wait. */
  partialsOf(partition: number): number {
    return this.#partitions.at(partition).states.length;
  }

  /** The sets that come first in that order go, each as a whole. */
  shed(partition: number, count: number, order: ShedOrder, output: MatchOutput<E>): void {
    const { start } = this.arena;
    const sets = this.#partitions.setsOf(partition);
    const configuration = this.#partitions.at(partition);
    const ages = sets.map((set) => start[set] as number);
    // States are numbered from the end of the pattern.
    const ranks = order === 'oldest' ? ages : (order === 'newest' ? ages : configuration.states).map((rank) => -rank);
    const inOrder = [...sets.keys()].sort((a, b) => (ranks[a] as number) - (ranks[b] as number));
    const going = new Set(inOrder.slice(0, count));
    this.#hold(
      partition,
      configuration,
      sets.map((set, slot) => (going.has(slot) ? NONE : set)),
    );
    output.shed(going.size);
  }

  snapshot(partition: number): PartitionSnapshot {
    const graph = snapshotGraph(this.arena, this.#partitions.setsOf(partition), this.#overUntil);
    return { states: this.#partitions.at(partition).states, ...graph };
  }

  #restore(partition: number, snapshot: PartitionSnapshot): void {
    const { states, ...graph } = readSnapshot<E>(snapshot, this.#states, this.#enumerator.names.length);
    this.#hold(partition, this.#configurations.of(states), restoreGraph(this.arena, graph));
  }

  /** Event time is `ts` now. */
  #passTo(ts: number): void {
    const overUntil = ts - this.#withinMs;
    if (overUntil <= this.#overUntil) return;
    this.#overUntil = overUntil;
    this.#space.passTo(ts);
  }

  /** Moves the sets of a partition. Allocates nothing while the configuration stays: bench:patterns, any a, b+, NE. */
  #run(partition: number, { code, to, nodes }: Step, event: E, ts: number, output: MatchOutput<E>): void {
    const { arena } = this;
    const partitions = this.#partitions;
    const overUntil = this.#overUntil;
    arena.reserve(nodes);
    const slot = arena.slotOf(event);
    const { start } = arena;
    const { sets } = partitions;
    const block = partitions.block[partition] as number;
    const after = partitions.clearAfter(to.states.length);
    let complete = NONE;
    for (let at = 0; at < code.length;) {
      const sources = at + 1 + (code[at] as number);
      const isBegun = code[at + 1] === BEGIN;
      let set = NONE;
      for (at += 1; !isBegun && at < sources; at += 1) {
        const source = sets[block + (code[at] as number)] as number;
        if ((start[source] as number) > overUntil) set = set === NONE ? source : arena.union(source, set);
      }
      const label = code[sources] as number;
      const end = sources + 2 + (code[sources + 1] as number);
      at = end;
      if (set === NONE && !isBegun) continue;
      if (label !== PASS) set = arena.output(label, slot, set, isBegun ? ts : (start[set] as number));
      for (let i = sources + 2; i < end; i += 1) {
        const target = code[i] as number;
        if (target === COMPLETE) complete = complete === NONE ? set : arena.union(set, complete);
        else {
          const before = after[target] as number;
          after[target] = before === NONE ? set : arena.union(set, arena.prune(before, overUntil));
        }
      }
    }
    this.#hold(partition, to, after);
    if (complete !== NONE) this.#enumerator.emit(complete, overUntil, ts, this.#limit, output);
  }

  /** Takes over the sets of a configuration; states whose set is NONE are left out. */
  #hold(partition: number, configuration: Configuration, sets: ArrayLike<number>): void {
    const { states } = configuration;
    let held = 0;
    for (let slot = 0; slot < states.length; slot += 1) if (sets[slot] !== NONE) held += 1;
    if (held === states.length) this.#partitions.put(partition, configuration, sets);
    else {
      const holding = this.#configurations.of(states.filter((_, slot) => sets[slot] !== NONE));
      const kept = Array.from(sets)
        .slice(0, states.length)
        .filter((set) => set !== NONE);
      this.#partitions.put(partition, holding, kept);
    }
  }
}

function allOf(lists: readonly (readonly number[] | undefined)[]): readonly number[] | undefined {
  const known = lists.filter((list) => list !== undefined);
  return known.length === lists.length ? [...new Set(known.flat())] : undefined;
}
