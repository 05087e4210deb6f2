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
import type { MatcherWishes } from '../dag/choose.ts';
import type { PartitionSnapshot } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { type Bounds, boundsOf, type PatternOptimization } from './bounds.ts';
import { Cohorts } from './cohorts.ts';
import type { Entry, PatternCounts } from './entry.ts';
import { CROWD, type LiveRows, NO_ROW } from './live-rows.ts';
import { Partials } from './partials.ts';
import type { PredicateNetwork } from './predicate-network.ts';
import { Relay, type PatternSetOutput } from './relay.ts';
import { Roster } from './roster.ts';
import { isBeginning, patternOf, type Router } from './router.ts';

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

/** Events are numbered up to here and then anew. */
const LAST_TURN = 2 ** 30;

export class PatternSet<E> {
  /** Event time as far as it has come. */
  nowMs: number = -Infinity;
  readonly bounds: Bounds;
  readonly #roster: Roster<E>;
  readonly #network: PredicateNetwork;
  readonly #relay: Relay<E>;
  readonly #partials: Partials<E>;
  readonly #rows: LiveRows<E>;
  readonly #cohorts: Cohorts<E>;
  #turn = 0;

  constructor(output: PatternSetOutput<E>, options: PatternSetOptions = {}) {
    const path = options.path ?? 'patterns';
    this.bounds = boundsOf(options, path);
    this.#roster = new Roster(path, this.bounds.maxPatterns);
    this.#network = this.#roster.network;
    this.#relay = new Relay(output);
    this.#partials = new Partials(this.#roster, this.#relay, this.bounds, options.clock);
    this.#rows = this.#partials.rows;
    this.#cohorts = new Cohorts(this.#roster, this.#partials, this.bounds);
  }

  /** @throws ConfigError when the name is taken or there are too many; PatternError for a pattern that is none */
  add(name: string, model: PatternModel<E>, wishes: MatcherWishes = {}): void {
    this.#cohorts.dissolve(this.nowMs);
    this.#roster.add(name, model, wishes);
  }

  /** A new version of a pattern, from the next event on. Its counts go on. */
  replace(name: string, model: PatternModel<E>, wishes: MatcherWishes = {}, old: Farewell = 'drain'): void {
    this.#cohorts.dissolve(this.nowMs);
    this.#retire(this.#roster.replace(name, model, wishes), old);
  }

  remove(name: string, old: Farewell = 'drop'): void {
    this.#cohorts.dissolve(this.nowMs);
    this.#retire(this.#roster.remove(name), old);
  }

  list(): PatternStatus[] {
    this.#cohorts.tellAll(this.nowMs);
    const partials = new Map<number, number>();
    for (const row of this.#rows.all()) {
      const id = this.#rows.pattern[row] as number;
      partials.set(id, (partials.get(id) ?? 0) + this.#partials.partialsOf(row));
    }
    return this.#roster.all().map((entry) => ({
      ...this.#roster.countsOf(entry),
      name: entry.name,
      matcher: entry.program.kind,
      reason: entry.program.reason,
      isDraining: entry.isDraining,
      keys: this.#roster.columns.live[entry.id] as number,
      partials: partials.get(entry.id) ?? 0,
    }));
  }

  /** What the patterns have done, without a look at every key as `list` takes. */
  counts(): PatternCounts[] {
    return this.#roster.current().map((entry) => this.#roster.countsOf(entry));
  }

  /** Keys with partial matches. */
  get keys(): number {
    return this.#rows.keys.size;
  }

  /** Earliest time at which `advance` has something to do. */
  get nextMs(): number {
    return this.#partials.nextMs;
  }

  /**
   * One event. Time is not before that of the last one.
   *
   * @param keyId - the key's dense id in the decoder's dictionary, or -1
   */
  process(event: E, key: StateKey, keyId: number, ts: number): void {
    if (ts > this.nowMs) this.advance(ts);
    this.#cohorts.prepare(ts);
    const router = this.#roster.router();
    this.#network.turnTo(event);
    this.#nextTurn();
    const slot = this.#partials.turnTo(key, keyId);
    if (slot < 0) this.#begin(router, event, ts);
    else if ((this.#rows.count[slot] as number) > CROWD || router.isSelective(this.#turn)) {
      this.#continueRestless(router, slot, event, ts);
      this.#continueOrBegin(router, event, ts);
    } else {
      this.#continueAwaiting(router, slot, event, ts);
      this.#begin(router, event, ts);
    }
    for (const id of router.startedByAny) if (this.#isNew(id)) this.#partials.begin(id, event, ts);
    const failure = this.#network.takeFailure();
    if (failure !== undefined) this.#relay.output.failed(undefined, key, event, failure.cause);
  }

  /** Event time has reached `ts`: what ends by then ends, in the order of its time. */
  advance(ts: number): void {
    this.#partials.advance(ts);
    if (ts > this.nowMs) this.nowMs = ts;
  }

  snapshot(): PatternSetSnapshot {
    this.#cohorts.tellAll(this.nowMs);
    const rows = [...this.#rows.all()].filter((row) => isToBeSaved(this.#entryAt(row)));
    return {
      nowMs: this.nowMs,
      partitions: rows.map((row) => ({
        pattern: this.#entryAt(row).name,
        key: this.#rows.keyOf(row),
        state: this.#partials.snapshot(row),
      })),
      counts: Object.fromEntries(
        this.#roster.current().map((entry) => [entry.name, { ...this.#roster.countsOf(entry) }]),
      ),
    };
  }

  /** Goes on from a snapshot of a set with the same patterns; what belongs to others is left out. */
  restore(snapshot: PatternSetSnapshot): void {
    this.#cohorts.dissolve(this.nowMs);
    this.nowMs = snapshot.nowMs;
    for (const [name, counts] of Object.entries(snapshot.counts)) {
      const entry = this.#roster.find(name);
      if (entry !== undefined) Object.assign(entry.counts, counts);
    }
    for (const { pattern, key, state } of snapshot.partitions) {
      const entry = this.#roster.find(pattern);
      if (entry !== undefined) this.#partials.restore(entry, key, state, snapshot.nowMs);
    }
  }

  /** Asks all that live for the key. */
  #continueAwaiting(router: Router<E>, slot: number, event: E, ts: number): void {
    const rows = this.#rows;
    for (let row = rows.first[slot] as number; row !== NO_ROW;) {
      const next = rows.next[row] as number;
      const id = rows.pattern[row] as number;
      const isConcerned = router.isAwaited(id) || (router.isRestless(id) && !this.#partials.refuses(row));
      if (isConcerned && this.#isNew(id)) this.#partials.hand(row, event, ts);
      row = next;
    }
  }

  /** What every event concerns. */
  #continueRestless(router: Router<E>, slot: number, event: E, ts: number): void {
    const { restless } = router;
    if (restless.length === 0) return;
    const rows = this.#rows;
    if ((rows.count[slot] as number) > Math.max(CROWD, restless.length)) {
      for (const id of restless) {
        const row = rows.rowOf(this.#partials.slot, id);
        if (row !== NO_ROW) this.#continueUnlessRefused(row, id, event, ts);
      }
      return;
    }
    for (let row = rows.first[slot] as number; row !== NO_ROW;) {
      const next = rows.next[row] as number;
      const id = rows.pattern[row] as number;
      if (router.isRestless(id)) this.#continueUnlessRefused(row, id, event, ts);
      row = next;
    }
  }

  #continueUnlessRefused(row: number, id: number, event: E, ts: number): void {
    if (!this.#partials.refuses(row) && this.#isNew(id)) this.#partials.hand(row, event, ts);
  }

  /** By what the event concerns, not by what lives for the key. */
  #continueOrBegin(router: Router<E>, event: E, ts: number): void {
    const { all } = router;
    const count = all.find();
    router.note(count);
    for (let i = 0; i < count; i += 1) this.#handIfLive(patternOf(all.found[i] as number), event, ts);
    for (let i = 0; i < count; i += 1) {
      const route = all.found[i] as number;
      const id = patternOf(route);
      if (isBeginning(route) && this.#isNew(id)) this.#partials.begin(id, event, ts);
    }
  }

  /** Begins all that has not seen the event. */
  #begin(router: Router<E>, event: E, ts: number): void {
    const { starts } = router;
    const count = starts.find();
    for (let i = 0; i < count; i += 1) {
      const id = patternOf(starts.found[i] as number);
      if (this.#isNew(id)) this.#partials.begin(id, event, ts);
    }
  }

  #handIfLive(id: number, event: E, ts: number): void {
    const row = this.#rows.rowOf(this.#partials.slot, id);
    if (row !== NO_ROW && this.#isNew(id)) this.#partials.hand(row, event, ts);
  }

  /** Whether a pattern sees the event for the first time; from now on it does not. */
  #isNew(id: number): boolean {
    const { turn } = this.#roster.columns;
    if (turn[id] === this.#turn) return false;
    turn[id] = this.#turn;
    return true;
  }

  #nextTurn(): void {
    this.#turn += 1;
    if (this.#turn < LAST_TURN) return;
    this.#turn = 1;
    this.#roster.columns.turn.fill(0);
  }

  /** A version begins nothing any more. */
  #retire(entry: Entry<E>, old: Farewell): void {
    if (old === 'drop') this.#partials.forgetAll(entry);
    else this.#partials.tellStore(entry);
    entry.program.seal();
    if (this.#roster.columns.live[entry.id] === 0) this.#roster.forgetIfOver(entry.id);
  }

  #entryAt(row: number): Entry<E> {
    return this.#roster.at(this.#rows.pattern[row] as number);
  }
}

const isToBeSaved = <E>({ isDraining, cohort }: Entry<E>): boolean => !isDraining && cohort === undefined;
