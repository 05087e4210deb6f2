/**
 * Many patterns over many keys at once.
 *
 * Invariants (pattern-set.test.ts)
 * - The answers are those of each pattern by itself for each key by itself.
 * - An event costs what it concerns: patterns that it may begin, and those that live for its key.
 * - A key without a partial match holds nothing at all.
 * - Patterns come, change and go between two events; no event and no match of the others is touched by it.
 * - Event time passes by `process` and `advance` alone; what waits for time is answered when it has come, not with the next event.
 */

import type { Clock } from '../../time/clock.ts';
import type { StateKey } from '../../state/key-index.ts';
import { DueQueue } from '../../state/due-queue.ts';
import type { MatcherWishes } from '../dag/choose.ts';
import type { PartitionSnapshot, ShedOrder } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { type Bounds, boundsOf, type OverflowPolicy, type PatternOptimization } from './bounds.ts';
import type { Entry, PatternCounts } from './entry.ts';
import { CROWD, LiveRows, NO_ROW } from './live-rows.ts';
import type { PredicateNetwork } from './predicate-network.ts';
import { Relay, type PatternSetOutput } from './relay.ts';
import { Roster } from './roster.ts';
import type { Router } from './router.ts';

export interface PatternSetOptions extends PatternOptimization {
  /** Where the patterns stand in the user's declaration, for errors. Default `patterns`. */
  readonly path?: string;
  /** For what patterns cost. Without: 0. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** What becomes of the partial matches of a pattern that is replaced or removed: they go on, or they are dropped. */
export type Farewell = 'drain' | 'drop';

/** A pattern of a set, as it is now. */
export interface PatternStatus extends Readonly<PatternCounts> {
  readonly name: string;
  readonly matcher: 'run' | 'dag';
  /** Why that matcher. */
  readonly reason: string;
  /** True for a version that begins nothing any more. */
  readonly isDraining: boolean;
  /** Keys with partial matches. */
  readonly keys: number;
  /** Partial matches; for the DAG matcher, sets of them. */
  readonly partials: number;
}

/** Plain data: what waits, by pattern and key. */
export interface PatternSetSnapshot {
  readonly nowMs: number;
  readonly partitions: readonly {
    readonly pattern: string;
    readonly key: StateKey;
    readonly state: PartitionSnapshot;
  }[];
  readonly counts: Readonly<Record<string, PatternCounts>>;
}

/** One event in so many is timed. */
const TIMED_EVERY = 1024;

const SHED_ORDER: Readonly<Record<OverflowPolicy, ShedOrder>> = {
  shedOldest: 'oldest',
  shedLeastAdvanced: 'leastAdvanced',
  reject: 'newest',
  error: 'newest',
};

export class PatternSet<E> {
  /** Event time as far as it has come. */
  nowMs: number = -Infinity;
  readonly bounds: Bounds;
  readonly #clock: Pick<Clock, 'now'> | undefined;
  readonly #rows = new LiveRows();
  readonly #due = new DueQueue();
  readonly #roster: Roster<E>;
  readonly #network: PredicateNetwork;
  readonly #relay: Relay<E>;
  readonly #found: Entry<E>[] = [];
  #turn = 0;
  /** By row, where bounds ask for it: when an event changed it last. */
  #touchedMs: Float64Array | undefined;

  constructor(output: PatternSetOutput<E>, options: PatternSetOptions = {}) {
    const path = options.path ?? 'patterns';
    this.bounds = boundsOf(options, path);
    this.#roster = new Roster(path, this.bounds.maxPatterns);
    this.#network = this.#roster.network;
    this.#clock = options.clock;
    this.#relay = new Relay(output);
  }

  /** @throws ConfigError when the name is taken or there are too many; PatternError for a pattern that is none */
  add(name: string, model: PatternModel<E>, wishes: MatcherWishes = {}): void {
    this.#roster.add(name, model, wishes);
  }

  /** A new version of a pattern, from the next event on. Its counts go on. */
  replace(name: string, model: PatternModel<E>, wishes: MatcherWishes = {}, old: Farewell = 'drain'): void {
    this.#retire(this.#roster.replace(name, model, wishes), old);
  }

  remove(name: string, old: Farewell = 'drop'): void {
    this.#retire(this.#roster.remove(name), old);
  }

  list(): PatternStatus[] {
    const partials = new Map<number, number>();
    for (const row of this.#rows.all()) {
      const { id, store } = this.#entryAt(row);
      partials.set(id, (partials.get(id) ?? 0) + store.partialsOf(this.#rows.partition[row] as number));
    }
    return this.#roster.all().map(({ id, name, program, isDraining, live, counts }) => ({
      ...counts,
      name,
      matcher: program.kind,
      reason: program.reason,
      isDraining,
      keys: live,
      partials: partials.get(id) ?? 0,
    }));
  }

  /** What the patterns have done, without a look at every key as `list` takes. */
  counts(): PatternCounts[] {
    return this.#roster.current().map(({ counts }) => counts);
  }

  /** Keys with partial matches. */
  get keys(): number {
    return this.#rows.keys.size;
  }

  /** Earliest time at which `advance` has something to do. */
  get nextMs(): number {
    return this.#due.nextMs;
  }

  /**
   * One event. Time is not before that of the last one.
   *
   * @param keyId - the key's dense id in the decoder's dictionary, or -1
   */
  process(event: E, key: StateKey, keyId: number, ts: number): void {
    if (ts > this.nowMs) this.advance(ts);
    const router = this.#roster.router();
    this.#network.turnTo(event);
    this.#turn += 1;
    const slot = this.#rows.keys.find(key, keyId);
    if (slot >= 0) this.#continue(router, slot, event, ts);
    const found = this.#found;
    const count = router.started(found);
    for (let i = 0; i < count; i += 1) this.#begin(found[i] as Entry<E>, event, key, keyId, ts);
    for (const entry of router.startedByAny) this.#begin(entry, event, key, keyId, ts);
    const failure = this.#network.takeFailure();
    if (failure !== undefined) this.#relay.output.failed(undefined, key, event, failure.cause);
  }

  /** Event time has reached `ts`: what ends by then ends, in the order of its time. */
  advance(ts: number): void {
    const due = this.#due;
    for (let dueMs = due.nextMs; dueMs <= ts && due.size > 0; dueMs = due.nextMs) {
      const row = due.pop();
      if (this.#rows.wakeMs[row] !== dueMs || (this.#rows.slot[row] as number) < 0) continue;
      this.#rows.wakeMs[row] = Infinity;
      this.#wake(row, dueMs);
    }
    if (ts > this.nowMs) this.nowMs = ts;
  }

  snapshot(): PatternSetSnapshot {
    const rows = [...this.#rows.all()].filter((row) => !this.#entryAt(row).isDraining);
    return {
      nowMs: this.nowMs,
      partitions: rows.map((row) => {
        const { name, store } = this.#entryAt(row);
        const state = store.snapshot(this.#rows.partition[row] as number);
        return { pattern: name, key: this.#rows.keyOf(row), state };
      }),
      counts: Object.fromEntries(this.#roster.current().map(({ name, counts }) => [name, { ...counts }])),
    };
  }

  /** Goes on from a snapshot of a set with the same patterns; what belongs to others is left out. */
  restore(snapshot: PatternSetSnapshot): void {
    this.nowMs = snapshot.nowMs;
    for (const [name, counts] of Object.entries(snapshot.counts)) {
      const entry = this.#roster.find(name);
      if (entry !== undefined) Object.assign(entry.counts, counts);
    }
    for (const { pattern, key, state } of snapshot.partitions) {
      const entry = this.#roster.find(pattern);
      if (entry !== undefined) this.#settle(this.#addRow(entry, entry.store.open(state), key, -1), snapshot.nowMs);
    }
  }

  /** Hands the event to what lives for its key. */
  #continue(router: Router<E>, slot: number, event: E, ts: number): void {
    const rows = this.#rows;
    if ((rows.count[slot] as number) > CROWD || router.isSelective(this.#turn)) {
      this.#continueFound(router, slot, event, ts);
      return;
    }
    for (let row = rows.first[slot] as number; row !== NO_ROW;) {
      const next = rows.next[row] as number;
      const entry = this.#entryAt(row);
      if (this.#isAwaited(entry)) this.#hand(entry, row, event, ts);
      row = next;
    }
  }

  /** By what the event concerns, not by what lives for the key. */
  #continueFound(router: Router<E>, slot: number, event: E, ts: number): void {
    const count = router.awaited(this.#found);
    for (let i = 0; i < count; i += 1) this.#handIfLive(this.#found[i] as Entry<E>, slot, event, ts);
    if (router.restless.length === 0) return;
    if ((this.#rows.count[slot] as number) > CROWD) {
      for (const entry of router.restless) this.#handIfLive(entry, slot, event, ts);
    } else this.#continueRestless(slot, event, ts);
  }

  #continueRestless(slot: number, event: E, ts: number): void {
    const rows = this.#rows;
    for (let row = rows.first[slot] as number; row !== NO_ROW;) {
      const next = rows.next[row] as number;
      const entry = this.#entryAt(row);
      if (entry.program.awaits === undefined && entry.turn !== this.#turn) this.#hand(entry, row, event, ts);
      row = next;
    }
  }

  #handIfLive(entry: Entry<E>, slot: number, event: E, ts: number): void {
    if (entry.turn === this.#turn) return;
    const row = this.#rows.rowOf(slot, entry.id);
    if (row !== NO_ROW) this.#hand(entry, row, event, ts);
  }

  #isAwaited({ program: { awaits } }: Entry<E>): boolean {
    if (awaits === undefined) return true;
    const network = this.#network;
    for (const predicate of awaits) if (network.holds(predicate)) return true;
    return false;
  }

  #hand(entry: Entry<E>, row: number, event: E, ts: number): void {
    entry.turn = this.#turn;
    this.#run(entry, this.#rows.partition[row] as number, this.#rows.keyOf(row), event, ts);
    this.#settle(row, ts);
  }

  /** Gives the event to a pattern that has nothing for its key yet. */
  #begin(entry: Entry<E>, event: E, key: StateKey, keyId: number, ts: number): void {
    if (entry.turn === this.#turn) return;
    entry.turn = this.#turn;
    const { store } = entry;
    const partition = entry.spare >= 0 ? entry.spare : store.open();
    entry.spare = partition;
    this.#run(entry, partition, key, event, ts);
    if (store.isIdle(partition)) return;
    entry.spare = -1;
    if (this.#makeRoom(entry, key, event)) this.#settle(this.#addRow(entry, partition, key, keyId), ts);
    else store.close(partition);
  }

  #run(entry: Entry<E>, partition: number, key: StateKey, event: E, ts: number): void {
    const { store, counts } = entry;
    const relay = this.#relay.for(entry, key);
    counts.handled += 1;
    const clock = this.#turn % TIMED_EVERY === 0 ? this.#clock : undefined;
    const beganMs = clock?.now() ?? 0;
    try {
      store.process(partition, event, ts, this.#network, relay);
      const excess = store.partialsOf(partition) - this.bounds.maxPartials;
      if (excess > 0) this.#shed(entry, partition, excess, key);
    } catch (cause) {
      relay.output.failed(entry.name, key, event, cause);
    }
    if (clock !== undefined) counts.costMs += (clock.now() - beganMs) * TIMED_EVERY;
  }

  #shed(entry: Entry<E>, partition: number, excess: number, key: StateKey): void {
    const { whenFull, maxPartials } = this.bounds;
    entry.store.shed(partition, excess, SHED_ORDER[whenFull], this.#relay.for(entry, key));
    if (whenFull === 'error')
      throw new RangeError(`more than ${maxPartials} partial matches of ${entry.name} for one key`);
  }

  /** @returns false when the newcomer is refused */
  #makeRoom(entry: Entry<E>, key: StateKey, event: E): boolean {
    const { maxLive, whenFull } = this.bounds;
    if (this.#rows.size < maxLive) return true;
    const isShedding = whenFull === 'shedOldest' || whenFull === 'shedLeastAdvanced';
    if (isShedding && this.#dropNextDue()) return true;
    this.#relay.for(entry, key).shed(1);
    if (whenFull === 'error') {
      const cause = new RangeError(`more than ${maxLive} pairs of pattern and key with partial matches`);
      this.#relay.output.failed(entry.name, key, event, cause);
    }
    return false;
  }

  /** Lets go of the partition whose time ends first: as good as the oldest, and found at once. */
  #dropNextDue(): boolean {
    const due = this.#due;
    while (due.size > 0) {
      const dueMs = due.nextMs;
      const row = due.pop();
      if (this.#rows.wakeMs[row] !== dueMs || (this.#rows.slot[row] as number) < 0) continue;
      this.#drop(row);
      return true;
    }
    return false;
  }

  /** Lets go of a partition and says so. */
  #drop(row: number): void {
    const entry = this.#entryAt(row);
    const partials = entry.store.partialsOf(this.#rows.partition[row] as number);
    this.#relay.for(entry, this.#rows.keyOf(row)).shed(partials);
    this.#forget(row);
  }

  #wake(row: number, dueMs: number): void {
    const touchedMs = this.#touchedMs?.[row] ?? Infinity;
    if (touchedMs + this.bounds.expirationMs <= dueMs) {
      this.#drop(row);
      return;
    }
    const entry = this.#entryAt(row);
    const relay = this.#relay.for(entry, this.#rows.keyOf(row));
    entry.store.advance(this.#rows.partition[row] as number, dueMs, relay);
    this.#settle(row, touchedMs);
  }

  /** After a change: forgets what is idle, else sees to it that it is woken in time. */
  #settle(row: number, touchedMs: number): void {
    const rows = this.#rows;
    const { store } = this.#entryAt(row);
    const partition = rows.partition[row] as number;
    if (store.isIdle(partition)) {
      this.#forget(row);
      return;
    }
    if (store.isPatient && this.bounds.expirationMs === Infinity && rows.wakeMs[row] !== Infinity) return;
    let wakeMs = store.deadlineOf(partition);
    if (this.bounds.expirationMs < Infinity) wakeMs = Math.min(wakeMs, this.#touch(row, touchedMs));
    if (wakeMs >= (rows.wakeMs[row] as number)) return;
    rows.wakeMs[row] = wakeMs;
    this.#due.push(wakeMs, row);
  }

  /** @returns when the row expires if nothing else comes */
  #touch(row: number, touchedMs: number): number {
    const { length } = this.#rows.wakeMs;
    if (this.#touchedMs === undefined || this.#touchedMs.length < length) {
      const longer = new Float64Array(length);
      longer.set(this.#touchedMs ?? []);
      this.#touchedMs = longer;
    }
    this.#touchedMs[row] = touchedMs;
    return touchedMs + this.bounds.expirationMs;
  }

  #addRow(entry: Entry<E>, partition: number, key: StateKey, keyId: number): number {
    entry.live += 1;
    return this.#rows.add(key, keyId, entry.id, partition);
  }

  #forget(row: number): void {
    const entry = this.#entryAt(row);
    entry.store.close(this.#rows.partition[row] as number);
    entry.live -= 1;
    this.#rows.remove(row);
    if (entry.isDraining && entry.live === 0) this.#roster.forget(entry);
  }

  /** A version begins nothing any more. */
  #retire(entry: Entry<E>, old: Farewell): void {
    if (old === 'drop') {
      for (const row of this.#rows.all()) if (this.#rows.pattern[row] === entry.id) this.#forget(row);
    }
    if (entry.live === 0) this.#roster.forget(entry);
  }

  #entryAt(row: number): Entry<E> {
    return this.#roster.at(this.#rows.pattern[row] as number);
  }
}
