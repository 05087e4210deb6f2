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
import type { PatternModel } from '../model/pattern.ts';
import type { Numbering } from '../numbered.ts';
import { type PartitionStore, StoredPartition } from '../partition-store.ts';
import { awaitedBy, completedBy, openingOf, type StateRow } from '../run/table.ts';
import { countMatches } from './count.ts';
import { SEALED } from './configuration.ts';
import type { DagEngine } from './engine.ts';
import { Enumerator } from './enumerate.ts';
import { NONE } from './node-arena.ts';
import { pickMatch } from './pick.ts';
import { DagPool } from './pool.ts';
import { countReached } from './reach.ts';
import { awaitedIn, rested } from './rest.ts';
import { shapeOf } from './shape.ts';
import { sifted } from './sift.ts';
import { readSnapshot, restoreGraph, snapshotGraph } from './snapshot.ts';

export interface DagOptions {
  readonly reason: string;
  readonly withinMs?: number | undefined;
  /** Matches handed out per event and key, those with later starts first. Default: all. */
  readonly limit?: number | undefined;
  /** One of them, or how many there are. Default: all. */
  readonly only?: PatternModel['only'];
}

export class DagProgram<E> implements MatcherProgram<E>, PartitionStore<E> {
  // First what every event asks for: of a thousand programs this is one line of the processor's cache each.
  readonly engine: DagEngine<E>;
  /** Numbers of the predicates, in the order of their bits. */
  readonly predicates: Int32Array;
  /** Sets of a partition, at most. */
  readonly mostSets: number;
  /** SEALED once nothing begins any more. */
  #seal = 0;
  readonly #enumerator: Enumerator<E>;
  readonly #limit: number;
  readonly #only: PatternModel['only'];
  readonly kind = 'dag';
  readonly isPatient = true;
  readonly reason: string;
  readonly starts: readonly number[] | undefined;
  readonly awaits: readonly number[] | undefined;
  readonly opening: Opening | undefined;
  /** Predicates of which one must hold for an event to complete a match; undefined: any event may. */
  readonly completes: readonly number[] | undefined;

  /**
   * @param start - index of the row in which a match begins
   * @param pool - shared with the other programs of a set
   */
  constructor(rows: readonly StateRow<E>[], start: number, options: DagOptions, pool: DagPool<E> = new DagPool<E>()) {
    const { shape: declared, predicates, names } = shapeOf(rows, start);
    const shape = rested(declared);
    this.reason = options.reason;
    this.#limit = options.limit ?? Infinity;
    this.#only = options.only;
    this.mostSets = rows.length;
    this.engine = pool.engineFor(shape, options.withinMs ?? Infinity);
    this.predicates = Int32Array.from(predicates);
    this.#enumerator = new Enumerator(this.engine.arena, names);
    this.starts = awaitedBy(rows[start] as StateRow<E>, true);
    this.opening = openingOf(rows, start, options.withinMs);
    this.completes = completedBy(rows);
    const awaited = awaitedIn(shape)?.map((number) => predicates[number] as number);
    if (this.starts !== undefined && awaited !== undefined) this.awaits = [...new Set([...this.starts, ...awaited])];
  }

  get numbering(): Numbering {
    return this.engine.space;
  }

  partition(snapshot?: PartitionSnapshot): PatternPartition<E> {
    return new StoredPartition(this, this.open(snapshot));
  }

  seal(): void {
    this.#seal = SEALED;
  }

  open(snapshot?: PartitionSnapshot): number {
    const { partitions, configurations } = this.engine;
    const partition = partitions.open(configurations.empty);
    if (snapshot !== undefined) this.#restore(partition, snapshot);
    return partition;
  }

  close(partition: number): number {
    return this.engine.partitions.close(partition);
  }

  process(partition: number, event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void {
    const complete = this.engine.move(partition, this.answers(truth), event, ts);
    if (complete !== NONE) this.emit(complete, ts, output);
  }

  /** What the engine is told of an event: the predicates that hold, as bits. */
  answers(truth: EventTruth): number {
    const { predicates } = this;
    let bits = this.#seal;
    for (let i = 0; i < predicates.length; i += 1) if (truth.holds(predicates[i] as number)) bits |= 1 << i;
    return bits;
  }

  /** Hands out the matches that the engine has completed. */
  emit(complete: number, ts: number, output: MatchOutput<E>): void {
    const { arena, overUntil } = this.engine;
    const only = this.#only;
    if (only === undefined) this.#enumerator.emit(complete, overUntil, ts, this.#limit, output);
    else if (only === 'count') {
      const { count, startMs } = countMatches(arena, complete, overUntil);
      output.match({}, startMs, ts, count);
    } else this.#enumerator.hand(pickMatch(arena, this.#enumerator.names, complete, overUntil, only), ts, output);
  }

  advance(partition: number, ts: number): void {
    this.engine.advance(partition, ts);
  }

  deadlineOf(partition: number): number {
    return this.engine.deadlineOf(partition);
  }

  isIdle(partition: number): boolean {
    return this.engine.partitions.block[partition] === NONE;
  }

  /** Sets of partial matches: one for each state in which some wait. */
  partialsOf(partition: number): number {
    return this.engine.partitions.at(partition).states.length;
  }

  /** The sets that come first in that order go, each as a whole. */
  shed(partition: number, count: number, order: ShedOrder, output: MatchOutput<E>): void {
    const { start } = this.engine.arena;
    const sets = this.engine.partitions.setsOf(partition);
    const configuration = this.engine.partitions.at(partition);
    const ages = sets.map((set) => start[set] as number);
    // States are numbered from the end of the pattern.
    const ranks = order === 'oldest' ? ages : (order === 'newest' ? ages : configuration.states).map((rank) => -rank);
    const inOrder = [...sets.keys()].sort((a, b) => (ranks[a] as number) - (ranks[b] as number));
    const going = new Set(inOrder.slice(0, count));
    this.engine.hold(
      partition,
      configuration,
      sets.map((set, slot) => (going.has(slot) ? NONE : set)),
    );
    output.shed(going.size);
  }

  /**
   * Lets go of partial matches where a partition may have more than `most` nodes: all that began with one event together, and
   * with `leastAdvanced` the sets of the first states before that. To three quarters, and not looked at again before an eighth
   * more has been made, so that it costs a node some ten looks.
   *
   * @returns whether there were too many
   */
  boundNodes(partition: number, most: number, order: ShedOrder, output: MatchOutput<E>): boolean {
    const { arena, partitions, overUntil } = this.engine;
    const sets = partitions.setsOf(partition);
    const count = countReached(arena, sets, overUntil);
    const left = count > most ? this.#shedNodes(partition, Math.floor(0.75 * most), order, output) : count;
    partitions.made[partition] = Math.min(left, Math.floor(most - most / 8));
    return count > most;
  }

  /** @returns how many nodes are left */
  #shedNodes(partition: number, most: number, order: ShedOrder, output: MatchOutput<E>): number {
    const { arena, partitions, overUntil } = this.engine;
    const sets = partitions.setsOf(partition);
    let [left, graph] = [sets.length, snapshotGraph(arena, sets, overUntil)];
    // States are numbered from the end of the pattern.
    for (; order === 'leastAdvanced' && left > 1 && graph.label.length > most; left -= 1)
      graph = snapshotGraph(arena, sets.slice(0, left - 1), overUntil);
    const { graph: kept, dropped } = sifted(graph, most, order === 'newest' ? order : 'oldest');
    const gone = Array.from({ length: sets.length - left }, () => NONE);
    this.engine.hold(partition, partitions.at(partition), [...restoreGraph(arena, kept), ...gone]);
    output.shed(dropped + gone.length);
    return kept.label.length;
  }

  snapshot(partition: number): PartitionSnapshot {
    const { arena, partitions, overUntil } = this.engine;
    const graph = snapshotGraph(arena, partitions.setsOf(partition), overUntil);
    return { states: partitions.at(partition).states, ...graph };
  }

  #restore(partition: number, snapshot: PartitionSnapshot): void {
    const { states, ...graph } = readSnapshot<E>(snapshot, this.mostSets, this.#enumerator.names.length);
    const { configurations, arena } = this.engine;
    this.engine.hold(partition, configurations.of(states), restoreGraph(arena, graph));
  }
}
