/**
 * The compact-DAG matcher: for patterns whose conditions look at one event alone. All partial matches that wait in one state
 * of the automaton do the same, so they are moved as one set: work per event depends on the pattern alone, neither on the
 * window nor on how many partial matches there are. Matches are put together only when they are complete.
 *
 * Invariants (dag-program.test.ts)
 * - The same matches as the run matcher, repetitions included.
 * - Memory is linear in the events of the window; what all keys hold is in columns that they share.
 * - Event time passes for all partitions of a program together: what is too old for one is too old for all.
 *
 * Source: CORE (Bucchi, Grez, Quintana, Riveros, Vansummeren, "CORE: a Complex Event Recognition Engine", VLDB 15(9), 2022).
 */

import { grownInts } from '../../state/columns.ts';
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
import { BEGIN, COMPLETE, type Configuration, Configurations, PASS, type Step } from './configuration.ts';
import { Enumerator } from './enumerate.ts';
import { NodeArena, NONE, type Roots } from './node-arena.ts';
import { SetLists } from './set-lists.ts';
import { type GraphSnapshot, restoreGraph, snapshotGraph } from './snapshot.ts';

export interface DagOptions {
  readonly reason: string;
  readonly withinMs?: number | undefined;
  /** Matches handed out per event and key, those with later starts first. Default: all. */
  readonly limit?: number | undefined;
}

export class DagProgram<E> implements MatcherProgram<E>, PartitionStore<E>, Roots {
  readonly kind = 'dag';
  readonly isPatient = true;
  readonly reason: string;
  readonly starts: readonly number[] | undefined;
  readonly awaits: readonly number[] | undefined;
  readonly opening: Opening | undefined;
  readonly arena: NodeArena<E> = new NodeArena<E>(this);
  overUntil: number = -Infinity;
  readonly #configurations: Configurations;
  readonly #enumerator: Enumerator<E>;
  readonly #withinMs: number;
  readonly #limit: number;
  readonly #lists = new SetLists();
  /** By partition: where something waits; undefined: the number is free. */
  readonly #configurationOf: (Configuration | undefined)[] = [];
  /** By partition: the set of each state of its configuration. */
  #listOf: Int32Array = new Int32Array(16);
  readonly #free: number[] = [];
  /** Sets by slot, before and after a step. */
  readonly #before: number[] = [];
  readonly #after: number[] = [];

  /** @param start - index of the row in which a match begins */
  constructor(rows: readonly StateRow<E>[], start: number, options: DagOptions) {
    this.reason = options.reason;
    this.#withinMs = options.withinMs ?? Infinity;
    this.#limit = options.limit ?? Infinity;
    this.#configurations = new Configurations(rows, start);
    this.#enumerator = new Enumerator(this.arena, this.#configurations.names);
    this.starts = awaitedBy(rows[start] as StateRow<E>, true);
    this.opening = openingOf(rows, start, options.withinMs);
    const waiting = rows.filter(({ kind, index }) => kind === 'normal' && index !== start);
    this.awaits = allOf([this.starts, ...waiting.map((row) => awaitedBy(row, false))]);
  }

  partition(snapshot?: PartitionSnapshot): PatternPartition<E> {
    return new StoredPartition(this, this.open(snapshot));
  }

  seal(): void {
    this.#configurations.seal();
  }

  open(snapshot?: PartitionSnapshot): number {
    const partition = this.#free.pop() ?? this.#configurationOf.length;
    this.#configurationOf[partition] = this.#configurations.empty;
    if (partition >= this.#listOf.length) this.#listOf = grownInts(this.#listOf, partition, NONE);
    this.#listOf[partition] = NONE;
    if (snapshot !== undefined) this.#restore(partition, snapshot as unknown as DagSnapshot<E>);
    return partition;
  }

  close(partition: number): void {
    this.#lists.release(this.#listOf[partition] as number);
    this.#listOf[partition] = NONE;
    this.#configurationOf[partition] = undefined;
    this.#free.push(partition);
  }

  process(partition: number, event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void {
    const configurations = this.#configurations;
    this.#passTo(ts);
    const step = configurations.step(this.#at(partition), configurations.answers(truth));
    if (!step.isStill) this.#run(partition, step, event, ts, output);
  }

  advance(partition: number, ts: number): void {
    this.#passTo(ts);
    const { overUntil } = this;
    const { start } = this.arena;
    const sets = this.#setsOf(partition);
    if (sets.every((set) => (start[set] as number) > overUntil)) return;
    const kept = sets.map((set) => ((start[set] as number) > overUntil ? set : NONE));
    this.#hold(partition, this.#at(partition), kept);
  }

  /** When its last partial match is over. */
  deadlineOf(partition: number): number {
    if (this.isIdle(partition)) return Infinity;
    const { start } = this.arena;
    const length = this.#lists.read(this.#listOf[partition] as number, this.#before);
    let latest = -Infinity;
    for (let slot = 0; slot < length; slot += 1)
      latest = Math.max(latest, start[this.#before[slot] as number] as number);
    return latest + this.#withinMs;
  }

  isIdle(partition: number): boolean {
    return this.#listOf[partition] === NONE;
  }

  /** Sets of partial matches: one for each state in which some wait. */
  partialsOf(partition: number): number {
    return this.#at(partition).states.length;
  }

  /** The sets that come first in that order go, each as a whole. */
  shed(partition: number, count: number, order: ShedOrder, output: MatchOutput<E>): void {
    const { start } = this.arena;
    const sets = this.#setsOf(partition);
    const { states } = this.#at(partition);
    const ages = sets.map((set) => start[set] as number);
    // States are numbered from the end of the pattern.
    const ranks = order === 'oldest' ? ages : (order === 'newest' ? ages : states).map((rank) => -rank);
    const inOrder = [...sets.keys()].sort((a, b) => (ranks[a] as number) - (ranks[b] as number));
    const going = new Set(inOrder.slice(0, count));
    this.#hold(
      partition,
      this.#at(partition),
      sets.map((set, slot) => (going.has(slot) ? NONE : set)),
    );
    output.shed(going.size);
  }

  snapshot(partition: number): PartitionSnapshot {
    const graph = snapshotGraph(this.arena, this.#setsOf(partition), this.overUntil);
    return { states: this.#at(partition).states, ...graph };
  }

  eachRoot(keep: (node: number) => number): void {
    this.#configurationOf.forEach((configuration, partition) => {
      if (configuration !== undefined) this.#lists.each(this.#listOf[partition] as number, keep);
    });
  }

  #restore(partition: number, { states, ...graph }: DagSnapshot<E>): void {
    this.#hold(partition, this.#configurations.of(states), restoreGraph(this.arena, graph));
  }

  /** Event time is `ts` now. */
  #passTo(ts: number): void {
    const overUntil = ts - this.#withinMs;
    if (overUntil > this.overUntil) this.overUntil = overUntil;
  }

  /** Moves the sets of a partition. */
  #run(partition: number, step: Step, event: E, ts: number, output: MatchOutput<E>): void {
    const { arena, overUntil } = this;
    const [before, after] = [this.#before, this.#after];
    arena.reserve(step.nodes);
    this.#lists.read(this.#listOf[partition] as number, before);
    const slots = step.to.states.length;
    for (let slot = 0; slot < slots; slot += 1) after[slot] = NONE;
    const { code } = step;
    const { start } = arena;
    let complete = NONE;
    for (let at = 0; at < code.length;) {
      const from = code[at] as number;
      const label = code[at + 1] as number;
      const end = at + 3 + (code[at + 2] as number);
      let set = from === BEGIN ? NONE : (before[from] as number);
      const startTs = set === NONE ? ts : (start[set] as number);
      at += 3;
      if (startTs > overUntil) {
        if (label !== PASS) set = arena.output(label, event, set, startTs);
        for (; at < end; at += 1) {
          const slot = code[at] as number;
          if (slot === COMPLETE) complete = complete === NONE ? set : arena.union(set, complete);
          else
            after[slot] = after[slot] === NONE ? set : arena.union(set, arena.prune(after[slot] as number, overUntil));
        }
      }
      at = end;
    }
    this.#hold(partition, step.to, after);
    if (complete !== NONE) this.#enumerator.emit(complete, overUntil, ts, this.#limit, output);
  }

  /** Takes over the sets of a configuration; states whose set is NONE are left out. */
  #hold(partition: number, configuration: Configuration, sets: number[]): void {
    const { states } = configuration;
    let held = 0;
    for (let slot = 0; slot < states.length; slot += 1) {
      if (sets[slot] !== NONE) held += 1;
    }
    let holding = configuration;
    if (held < states.length) {
      holding = this.#configurations.of(states.filter((_, slot) => sets[slot] !== NONE));
      sets = sets.slice(0, states.length).filter((set) => set !== NONE);
    }
    this.#configurationOf[partition] = holding;
    this.#listOf[partition] = this.#lists.write(this.#listOf[partition] as number, sets, held);
  }

  #at(partition: number): Configuration {
    return this.#configurationOf[partition] as Configuration;
  }

  #setsOf(partition: number): number[] {
    const sets: number[] = [];
    this.#lists.read(this.#listOf[partition] as number, sets);
    return sets;
  }
}

/** What a partition is as plain data: the states in which something waits, the set of each, and the nodes of these. */
interface DagSnapshot<E> extends GraphSnapshot<E> {
  readonly states: readonly number[];
}

function allOf(lists: readonly (readonly number[] | undefined)[]): readonly number[] | undefined {
  const known = lists.filter((list) => list !== undefined);
  return known.length === lists.length ? [...new Set(known.flat())] : undefined;
}
