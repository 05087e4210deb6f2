/**
 * The partial matches of all patterns and keys: what begins, what goes on, what ends by its time.
 *
 * Invariants (pattern-set.test.ts)
 * - A pair of pattern and key has a row exactly while it has a partial match.
 * - A partial match of one event is that event in its row, where the pattern's opening allows: most never become more. The
 *   pattern's store hears of it with the second event that concerns it, and answers as if it had been told at once.
 * - A row that waits for time is woken at that time, not with the next event.
 */

import type { Clock } from '../../time/clock.ts';
import { grownFloats } from '../../state/columns.ts';
import type { StateKey } from '../../state/key-index.ts';
import type { DagProgram } from '../dag/dag-program.ts';
import { NONE } from '../dag/node-arena.ts';
import type { EventTruth, PartitionSnapshot } from '../matcher.ts';
import type { Bounds } from './bounds.ts';
import type { Entry } from './entry.ts';
import { LiveRows, OPENED } from './live-rows.ts';
import { Overflow } from './overflow.ts';
import type { PredicateNetwork } from './predicate-network.ts';
import type { Relay } from './relay.ts';
import type { Roster } from './roster.ts';
import { Thresholds } from './thresholds.ts';
import { Timers } from './timers.ts';

/** One event in so many is timed. */
const TIMED_EVERY = 1024;
/** Timers above which those that are void are looked for. */
const FEW_TIMERS = 1024;

export class Partials<E> {
  readonly rows: LiveRows<E> = new LiveRows();
  /** Slot of the key at hand; -1 while it has no row. */
  slot = -1;
  readonly #timers = new Timers();
  readonly #thresholds: Thresholds;
  readonly #roster: Roster<E>;
  readonly #network: PredicateNetwork;
  readonly #relay: Relay<E>;
  readonly #bounds: Bounds;
  readonly #overflow: Overflow;
  readonly #clock: Pick<Clock, 'now'> | undefined;
  readonly #opening = new OpeningTruth();
  readonly #isDue = (timeMs: number, row: number): boolean =>
    this.rows.wakeMs[row] === timeMs && (this.rows.slot[row] as number) >= 0;
  /** By row, where bounds ask for it: when an event changed it last. */
  #touchedMs: Float64Array | undefined;
  #events = 0;
  /** What is done with the event at hand is timed. */
  #isTimed = false;

  constructor(roster: Roster<E>, relay: Relay<E>, bounds: Bounds, clock: Pick<Clock, 'now'> | undefined) {
    this.#roster = roster;
    this.#network = roster.network;
    this.#relay = relay;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#thresholds = new Thresholds(roster.network);
    this.#overflow = new Overflow(this.rows, bounds);
    if (bounds.expirationMs < Infinity) this.#touchedMs = new Float64Array(16);
  }

  /** Earliest time at which `advance` has something to do. */
  get nextMs(): number {
    return this.#timers.nextMs;
  }

  /** The key of the events that follow. */
  turnTo(key: StateKey, keyId: number): number {
    this.#events += 1;
    this.#isTimed = this.#clock !== undefined && this.#events % TIMED_EVERY === 0;
    this.slot = this.rows.keys.find(key, keyId);
    return this.slot;
  }

  /** Gives the event to a pattern that has nothing for its key yet. */
  begin(id: number, event: E, key: StateKey, keyId: number, ts: number): void {
    const { columns } = this.#roster;
    const lastsMs = columns.lastsMs[id] as number;
    if (Number.isNaN(lastsMs)) {
      this.#beginInStore(this.#roster.at(id), event, key, keyId, ts);
      return;
    }
    columns.handled[id] = (columns.handled[id] as number) + 1;
    if (this.rows.size >= this.#bounds.maxLive && !this.#makeRoom(this.#roster.at(id), key, event)) return;
    const row = this.#addRow(id, key, keyId, ts);
    this.rows.event[row] = event;
    this.#wakeAt(row, ts + lastsMs, ts);
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
    if (program !== undefined && known !== OPENED && program.mostSets <= this.#bounds.maxPartials && !this.#isTimed) {
      this.#move(row, id, program, event, ts);
      return;
    }
    const entry = this.#entryAt(row);
    const partition = this.#partitionOf(entry, row);
    this.#run(entry, partition, this.rows.keyOf(row), event, ts);
    this.#settle(row, ts);
  }

  /** The same for a program of the DAG, by what it has in columns alone: bench:patterns, any a, b+, NE. */
  #move(row: number, id: number, program: DagProgram<E>, event: E, ts: number): void {
    const { rows } = this;
    const { handled } = this.#roster.columns;
    const partition = rows.partition[row] as number;
    handled[id] = (handled[id] as number) + 1;
    const complete = program.engine.move(partition, program.answers(this.#network), event, ts);
    if (complete !== NONE) this.#emit(row, program, complete, event, ts);
    const isToBeWoken = this.#touchedMs === undefined && rows.wakeMs[row] !== Infinity;
    if (!isToBeWoken || program.isIdle(partition)) this.#settle(row, ts);
  }

  #emit(row: number, program: DagProgram<E>, complete: number, event: E, ts: number): void {
    const entry = this.#entryAt(row);
    const key = this.rows.keyOf(row);
    const relay = this.#relay.for(entry, key);
    try {
      program.emit(complete, ts, relay);
    } catch (cause) {
      relay.output.failed(entry.name, key, event, cause);
    }
  }

  /** Event time has reached `ts`: what ends by then ends, in the order of its time. */
  advance(ts: number): void {
    const timers = this.#timers;
    for (let dueMs = timers.nextMs; dueMs <= ts && dueMs < Infinity; dueMs = timers.nextMs) {
      const row = timers.pop();
      if (!this.#isDue(dueMs, row)) continue;
      this.rows.wakeMs[row] = Infinity;
      this.#wake(row, dueMs);
    }
  }

  /** What a row holds, as plain data. */
  snapshot(row: number): PartitionSnapshot {
    const { store } = this.#entryAt(row);
    const partition = this.rows.partition[row] as number;
    if (partition !== OPENED) return store.snapshot(partition);
    const passing = this.#opened(this.#entryAt(row), row);
    const state = store.snapshot(passing);
    store.close(passing);
    return state;
  }

  restore(entry: Entry<E>, key: StateKey, state: PartitionSnapshot, nowMs: number): void {
    this.turnTo(key, -1);
    const row = this.#addRow(entry.id, key, -1, nowMs);
    this.rows.partition[row] = entry.store.open(state);
    this.#settle(row, nowMs);
  }

  /** Tells the store of a pattern all that it does not know yet: the pattern is about to begin nothing any more. */
  tellStore(entry: Entry<E>): void {
    for (const row of this.rows.all()) if (this.rows.pattern[row] === entry.id) this.#partitionOf(entry, row);
  }

  /** Forgets all of a pattern, without a word. */
  forgetAll(entry: Entry<E>): void {
    for (const row of this.rows.all()) if (this.rows.pattern[row] === entry.id) this.#forget(row);
  }

  partialsOf(row: number): number {
    const partition = this.rows.partition[row] as number;
    return partition === OPENED ? 1 : this.#entryAt(row).store.partialsOf(partition);
  }

  #beginInStore(entry: Entry<E>, event: E, key: StateKey, keyId: number, ts: number): void {
    const { store } = entry;
    const partition = entry.spare >= 0 ? entry.spare : store.open();
    entry.spare = partition;
    this.#run(entry, partition, key, event, ts);
    if (store.isIdle(partition)) return;
    entry.spare = -1;
    if (this.rows.size >= this.#bounds.maxLive && !this.#makeRoom(entry, key, event)) {
      store.close(partition);
      return;
    }
    const row = this.#addRow(entry.id, key, keyId, ts);
    this.rows.partition[row] = partition;
    this.#settle(row, ts);
  }

  #run(entry: Entry<E>, partition: number, key: StateKey, event: E, ts: number): void {
    const { store, counts } = entry;
    const relay = this.#relay.for(entry, key);
    counts.handled += 1;
    const clock = this.#isTimed ? this.#clock : undefined;
    const beganMs = clock?.now() ?? 0;
    try {
      store.process(partition, event, ts, this.#network, relay);
      const excess = store.partialsOf(partition) - this.#bounds.maxPartials;
      if (excess > 0) this.#overflow.shed(entry, partition, excess, relay);
    } catch (cause) {
      relay.output.failed(entry.name, key, event, cause);
    }
    if (clock !== undefined) counts.costMs += (clock.now() - beganMs) * TIMED_EVERY;
  }

  /** @returns false when the newcomer is refused */
  #makeRoom(entry: Entry<E>, key: StateKey, event: E): boolean {
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
    this.#relay.for(this.#entryAt(row), this.rows.keyOf(row)).shed(this.partialsOf(row));
    this.#forget(row);
  }

  #wake(row: number, dueMs: number): void {
    const touchedMs = this.#touchedMs?.[row] ?? Infinity;
    if (touchedMs + this.#bounds.expirationMs <= dueMs) {
      this.#drop(row);
      return;
    }
    const entry = this.#entryAt(row);
    const { store } = entry;
    if (this.rows.partition[row] === OPENED && store.isPatient) {
      this.#forget(row);
      return;
    }
    const partition = this.#partitionOf(entry, row);
    store.advance(partition, dueMs, this.#relay.for(entry, this.rows.keyOf(row)));
    this.#settle(row, touchedMs);
  }

  /** After a change: forgets what is idle, else sees to it that it is woken in time. */
  #settle(row: number, touchedMs: number): void {
    const { rows } = this;
    const { store } = this.#entryAt(row);
    const partition = rows.partition[row] as number;
    if (store.isIdle(partition)) {
      this.#forget(row);
      return;
    }
    this.#thresholds.set(row, store.thresholdOf?.(partition));
    if (store.isPatient && this.#touchedMs === undefined && rows.wakeMs[row] !== Infinity) return;
    this.#wakeAt(row, store.deadlineOf(partition), touchedMs);
  }

  #wakeAt(row: number, deadlineMs: number, touchedMs: number): void {
    const { rows } = this;
    const wakeMs = this.#touchedMs === undefined ? deadlineMs : Math.min(deadlineMs, this.#touch(row, touchedMs));
    if (wakeMs >= (rows.wakeMs[row] as number)) return;
    rows.wakeMs[row] = wakeMs;
    const timers = this.#timers;
    timers.push(wakeMs, row);
    if (timers.size > 2 * rows.size + FEW_TIMERS) timers.retain(this.#isDue);
  }

  /** @returns when the row expires if nothing else comes */
  #touch(row: number, touchedMs: number): number {
    if (this.#touchedMs !== undefined && row >= this.#touchedMs.length)
      this.#touchedMs = grownFloats(this.#touchedMs, row);
    if (this.#touchedMs !== undefined) this.#touchedMs[row] = touchedMs;
    return touchedMs + this.#bounds.expirationMs;
  }

  #addRow(id: number, key: StateKey, keyId: number, ts: number): number {
    const { live } = this.#roster.columns;
    live[id] = (live[id] as number) + 1;
    const row = this.rows.add(this.slot, key, keyId, id, ts);
    this.slot = this.rows.slot[row] as number;
    this.#thresholds.set(row, undefined);
    return row;
  }

  #forget(row: number): void {
    const { rows } = this;
    const id = rows.pattern[row] as number;
    const partition = rows.partition[row] as number;
    const slot = rows.slot[row] as number;
    if (partition !== OPENED) this.#roster.at(id).store.close(partition);
    if (rows.remove(row) && slot === this.slot) this.slot = -1;
    const { live } = this.#roster.columns;
    const left = (live[id] as number) - 1;
    live[id] = left;
    if (left === 0) this.#roster.forgetIfOver(id);
  }

  /** The row's partition; where its event alone is known, the store hears of it now. */
  #partitionOf(entry: Entry<E>, row: number): number {
    const known = this.rows.partition[row] as number;
    if (known !== OPENED) return known;
    const partition = this.#opened(entry, row);
    this.rows.partition[row] = partition;
    this.rows.event[row] = undefined;
    return partition;
  }

  #opened(entry: Entry<E>, row: number): number {
    const { program, store } = entry;
    const partition = store.open();
    const [event, ts] = [this.rows.event[row] as E, this.rows.openedMs[row] as number];
    this.#opening.predicate = program.opening?.predicate ?? -1;
    const relay = this.#relay.for(entry, this.rows.keyOf(row));
    store.process(partition, event, ts, this.#opening, relay);
    return partition;
  }

  #entryAt(row: number): Entry<E> {
    return this.#roster.at(this.rows.pattern[row] as number);
  }
}

/** What is known of an event that has opened a partial match. */
class OpeningTruth implements EventTruth {
  predicate = -1;

  holds(predicate: number): boolean {
    return predicate === this.predicate;
  }
}
