/**
 * The partial matches of all patterns and keys: what begins, what goes on, what ends by its time.
 *
 * Invariants (pattern-set.test.ts)
 * - A pair of pattern and key has a row exactly while it has a partial match.
 * - A row that waits for time is woken at that time, not with the next event.
 * - Of patterns that are told late (`Cohort`), a row holds what they have heard.
 */

import type { Clock } from '../../time/clock.ts';
import type { StateKey } from '../../state/key-index.ts';
import type { DagProgram } from '../dag/dag-program.ts';
import { NONE } from '../dag/node-arena.ts';
import type { PartitionSnapshot } from '../matcher.ts';
import { Alarms } from './alarms.ts';
import type { Bounds } from './bounds.ts';
import { Costs } from './costs.ts';
import type { Entry } from './entry.ts';
import { LiveRows, NO_ROW, OPENED } from './live-rows.ts';
import { Openings } from './openings.ts';
import { Overflow } from './overflow.ts';
import type { PredicateNetwork } from './predicate-network.ts';
import type { Relay } from './relay.ts';
import type { Roster } from './roster.ts';
import { Thresholds } from './thresholds.ts';

/** So many rows, or as many nodes of one, are let go before it is looked whether memory can be given back: a look at each pattern. */
const REVIEW_EVERY = 4096;

export class Partials<E> {
  readonly rows: LiveRows<E> = new LiveRows();
  /** Slot of the key at hand; -1 while it has no row. */
  slot = -1;
  /** The key at hand, and its dense id or -1. */
  key: StateKey;
  keyId = -1;
  readonly #alarms: Alarms;
  readonly #thresholds: Thresholds;
  readonly #roster: Roster<E>;
  readonly #network: PredicateNetwork;
  readonly #relay: Relay<E>;
  readonly #bounds: Bounds;
  readonly #overflow: Overflow;
  readonly costs: Costs;
  readonly #openings: Openings<E>;
  /** What has been let go since it was last looked. */
  #forgotten = 0;

  constructor(roster: Roster<E>, relay: Relay<E>, bounds: Bounds, clock: Pick<Clock, 'now'> | undefined) {
    this.#roster = roster;
    this.#network = roster.network;
    this.#relay = relay;
    this.#bounds = bounds;
    this.costs = new Costs(clock);
    this.#thresholds = new Thresholds(roster.network);
    this.#overflow = new Overflow(this.rows, bounds);
    this.#openings = new Openings(this.rows, relay);
    this.#alarms = new Alarms(this.rows, bounds.expirationMs);
  }

  /** Earliest time at which `advance` has something to do. */
  get nextMs(): number {
    return this.#alarms.nextMs;
  }

  /** The key of the events that follow. */
  turnTo(key: StateKey, keyId: number): number {
    this.costs.nextEvent();
    this.slot = this.rows.keys.find(key, keyId);
    this.key = key;
    this.keyId = keyId;
    return this.slot;
  }

  /** The key of a row is the one at hand. */
  turnToRow(row: number): void {
    this.slot = this.rows.slot[row] as number;
    this.key = this.rows.keyOf(row);
    this.keyId = -1;
  }

  /** Gives the event to a pattern that has nothing for its key yet. */
  begin(id: number, event: E, ts: number): void {
    const { columns } = this.#roster;
    const lastsMs = columns.lastsMs[id] as number;
    if (Number.isNaN(lastsMs)) {
      this.#beginInStore(this.#roster.at(id), event, ts);
      return;
    }
    columns.handled[id] = (columns.handled[id] as number) + 1;
    if (this.rows.size >= this.#bounds.maxLive && !this.#makeRoom(this.#roster.at(id), event)) return;
    const row = this.addRow(id, ts);
    this.rows.event[row] = event;
    const thresholdAfter = columns.thresholdAfter[id];
    if (thresholdAfter !== undefined) this.#thresholds.set(row, thresholdAfter(event));
    this.#alarms.set(row, ts + lastsMs, ts);
  }

  /** Whether the event at hand is known to change nothing of what lives in a row; it may begin a match there. */
  refuses(row: number): boolean {
    return this.#thresholds.refuses(row);
  }

  /** Gives the event to what lives. */
  hand(row: number, event: E, ts: number): void {
    const id = this.rows.pattern[row] as number;
    const program = this.#roster.columns.dag[id];
    const known = this.rows.partition[row] as number;
    if (
      program !== undefined &&
      known !== OPENED &&
      program.mostSets <= this.#bounds.maxPartials &&
      !this.costs.isTimed
    ) {
      this.#move(row, id, program, event, ts);
      return;
    }
    const entry = this.entryAt(row);
    const partition = this.partitionOf(entry, row);
    this.#run(entry, partition, this.rows.keyOf(row), event, ts);
    this.settle(row, ts, event);
  }

  /** The same for a program of the DAG, by what it has in columns alone: bench:patterns, any a, b+, NE. */
  #move(row: number, id: number, program: DagProgram<E>, event: E, ts: number): void {
    const { rows } = this;
    const { handled } = this.#roster.columns;
    const partition = rows.partition[row] as number;
    handled[id] = (handled[id] as number) + 1;
    const complete = program.engine.move(partition, program.answers(this.#network), event, ts);
    if (complete !== NONE) this.emit(this.entryAt(row), this.rows.keyOf(row), program, complete, event, ts);
    const isFull = (program.engine.partitions.made[partition] as number) > this.#overflow.mostNodes;
    if (isFull || !this.#alarms.isSet(row) || program.isIdle(partition)) this.settle(row, ts, event);
  }

  /** Hands out the matches that a program of the DAG has completed. */
  emit(
    entry: Entry<E>,
    key: StateKey,
    program: DagProgram<E>,
    complete: number,
    event: E | undefined,
    ts: number,
  ): void {
    const relay = this.#relay.for(entry, key);
    try {
      program.emit(complete, ts, relay);
    } catch (cause) {
      relay.output.failed(entry.name, key, event, cause);
    }
  }

  /** Event time has reached `ts`: what ends by then ends, in the order of its time. */
  advance(ts: number): void {
    const alarms = this.#alarms;
    for (let row = alarms.next(ts); row !== NO_ROW; row = alarms.next(ts)) this.#wake(row, alarms.dueMs);
    if (this.#forgotten >= REVIEW_EVERY) this.#giveBack();
  }

  /** What a row holds, as plain data. */
  snapshot(row: number): PartitionSnapshot {
    return this.#openings.snapshot(this.entryAt(row), row);
  }

  restore(entry: Entry<E>, key: StateKey, state: PartitionSnapshot, nowMs: number): void {
    this.turnTo(key, -1);
    const row = this.addRow(entry.id, nowMs);
    this.rows.partition[row] = entry.store.open(state);
    this.settle(row, nowMs);
  }

  /** Tells the store of a pattern all that it does not know yet: the pattern is about to begin nothing any more. */
  tellStore(entry: Entry<E>): void {
    for (const row of this.rows.all()) if (this.rows.pattern[row] === entry.id) this.partitionOf(entry, row);
  }

  /** Forgets all of a pattern, without a word. */
  forgetAll(entry: Entry<E>): void {
    for (const row of this.rows.all()) if (this.rows.pattern[row] === entry.id) this.forget(row);
  }

  partialsOf(row: number): number {
    const partition = this.rows.partition[row] as number;
    return partition === OPENED ? 1 : this.entryAt(row).store.partialsOf(partition);
  }

  /** A partition without a partial match, for the key at hand. */
  spareOf(entry: Entry<E>): number {
    if (entry.spare < 0) entry.spare = entry.store.open();
    return entry.spare;
  }

  /** The spare partition of a pattern is that of the key at hand from now on. */
  keepSpare(entry: Entry<E>, openedMs: number, nowMs: number, event?: E): void {
    const row = this.addRow(entry.id, openedMs);
    this.rows.partition[row] = entry.spare;
    entry.spare = -1;
    this.settle(row, nowMs, event);
  }

  #beginInStore(entry: Entry<E>, event: E, ts: number): void {
    const { store } = entry;
    const partition = this.spareOf(entry);
    this.#run(entry, partition, this.key, event, ts);
    if (store.isIdle(partition)) return;
    if (this.rows.size < this.#bounds.maxLive || this.#makeRoom(entry, event)) {
      this.keepSpare(entry, ts, ts);
      return;
    }
    entry.spare = -1;
    store.close(partition);
  }

  #run(entry: Entry<E>, partition: number, key: StateKey, event: E, ts: number): void {
    const { store, counts } = entry;
    const relay = this.#relay.for(entry, key);
    counts.handled += 1;
    const beganMs = this.costs.begin();
    try {
      store.process(partition, event, ts, this.#network, relay);
      const excess = store.partialsOf(partition) - this.#bounds.maxPartials;
      if (excess > 0) this.#overflow.shed(entry, partition, excess, relay);
    } catch (cause) {
      relay.output.failed(entry.name, key, event, cause);
    }
    this.costs.charge(counts, beganMs);
  }

  /** @returns false when the newcomer is refused */
  #makeRoom(entry: Entry<E>, event: E): boolean {
    const { key } = this;
    const victim = this.#overflow.victim();
    if (victim !== undefined) {
      this.#drop(victim);
      return true;
    }
    this.#relay.for(entry, key).shed(1);
    const cause = this.#overflow.refusal();
    if (cause !== undefined) this.#relay.output.failed(entry.name, key, event, cause);
    return false;
  }

  /** Lets go of a row and says so. */
  #drop(row: number): void {
    this.#relay.for(this.entryAt(row), this.rows.keyOf(row)).shed(this.partialsOf(row));
    this.forget(row);
  }

  #wake(row: number, dueMs: number): void {
    const touchedMs = this.#alarms.touchedMs(row);
    if (touchedMs + this.#bounds.expirationMs <= dueMs) {
      this.#drop(row);
      return;
    }
    const entry = this.entryAt(row);
    const { store } = entry;
    if (this.rows.partition[row] === OPENED && store.isPatient) {
      this.forget(row);
      return;
    }
    const partition = this.partitionOf(entry, row);
    store.advance(partition, dueMs, this.#relay.for(entry, this.rows.keyOf(row)));
    this.settle(row, touchedMs);
  }

  /** After a change, by `event` if by one: lets go of what is too much, forgets what is idle, else sees to it that it is woken. */
  settle(row: number, touchedMs: number, event?: E): void {
    const { rows } = this;
    const { store } = this.entryAt(row);
    const partition = rows.partition[row] as number;
    this.#boundNodes(row, event);
    if (store.isIdle(partition)) {
      this.forget(row);
      return;
    }
    this.#thresholds.set(row, store.thresholdOf?.(partition));
    if (store.isPatient && this.#alarms.isSet(row)) return;
    this.#alarms.set(row, store.deadlineOf(partition), touchedMs);
  }

  #boundNodes(row: number, event: E | undefined): void {
    const program = this.#roster.columns.dag[this.rows.pattern[row] as number];
    const partition = this.rows.partition[row] as number;
    const overflow = this.#overflow;
    if (program === undefined || (program.engine.partitions.made[partition] as number) <= overflow.mostNodes) return;
    const [entry, key] = [this.entryAt(row), this.rows.keyOf(row)];
    const relay = this.#relay.for(entry, key);
    const cause = overflow.boundNodes(program, partition, relay);
    if (cause !== undefined) relay.output.failed(entry.name, key, event, cause);
  }

  /** A row of a pattern for the key at hand, which has none of it. */
  addRow(id: number, openedMs: number): number {
    const { live } = this.#roster.columns;
    live[id] = (live[id] as number) + 1;
    const row = this.rows.add(this.slot, this.key, this.keyId, id, openedMs);
    this.slot = this.rows.slot[row] as number;
    this.#thresholds.set(row, undefined);
    return row;
  }

  forget(row: number): void {
    const { rows } = this;
    const id = rows.pattern[row] as number;
    const partition = rows.partition[row] as number;
    const slot = rows.slot[row] as number;
    const nodes = partition === OPENED ? 0 : this.#roster.at(id).store.close(partition);
    this.#forgotten += nodes < REVIEW_EVERY ? 1 : nodes;
    if (rows.remove(row) && slot === this.slot) this.slot = -1;
    const { live } = this.#roster.columns;
    const left = (live[id] as number) - 1;
    live[id] = left;
    if (left === 0) this.#roster.forgetIfOver(id);
  }

  /** Memory of what has been let go. No row, slot or partition that is known elsewhere is valid after it. */
  #giveBack(): void {
    const { rows } = this;
    this.#forgotten = 0;
    this.slot = -1;
    const moves = this.#roster.compactPartitions();
    if (moves.some((moved) => moved !== undefined)) rows.movePartitions(moves);
    if (!rows.isSparse) return;
    const moved = rows.compact();
    this.#alarms.move(moved);
    this.#thresholds.move(moved, rows.size);
    this.#overflow.forgetChosen();
  }

  /** The row's partition in the store of its pattern. */
  partitionOf(entry: Entry<E>, row: number): number {
    return this.#openings.partitionOf(entry, row);
  }

  entryAt(row: number): Entry<E> {
    return this.#roster.at(this.rows.pattern[row] as number);
  }
}
