/**
 * Programs of the DAG that are told of events late: while no match can be complete, an event is posted once for all of them, and
 * a program hears of it when one comes that may complete a match of its own. So an event costs the predicates that hold for it
 * and the programs that it may complete, not all that take it; what is over by then is never told at all.
 *
 * To the set a cohort is one pattern, and what is posted for a key is its partition (a journal). What its members hold after
 * they have heard stands in rows of their own, as that of any pattern.
 *
 * Invariants (cohort.test.ts)
 * - The same matches as without, at the same events. A member hears of each event once at most, in their order.
 * - What is posted is within the longest window of the members, and a key's journal ends with the window of the last event that
 *   may have begun a match.
 *
 * Source: lazy evaluation by event selectivity (Kolchinsky, Sharfman, Schuster, "Lazy Evaluation Methods for Detecting Complex
 * Events", DEBS 2015); here over programs instead of over the steps of one, so that work put off is never more than work done.
 */

import type { DagProgram } from '../dag/dag-program.ts';
import { NONE } from '../dag/node-arena.ts';
import type { MatcherProgram, PatternPartition } from '../matcher.ts';
import { Numbered } from '../numbered.ts';
import { type PartitionStore, StoredPartition } from '../partition-store.ts';
import { Postings, NO_POSTING } from './postings.ts';
import { PredicateIndex } from './predicate-index.ts';
import type { PredicateNetwork } from './predicate-network.ts';

/** A pattern of the set whose program is told late. */
export interface Member<E> {
  readonly id: number;
  readonly program: DagProgram<E>;
}

/** Who holds what the members have made of events. */
export interface CohortHost<E> {
  /** Tells a member what has been posted for the key at hand; `event` is the last of it. */
  catchUp(cohort: Cohort<E>, journal: number, member: Member<E>, event: E | undefined, nowMs: number): void;
}

/** What is posted for a key. */
interface Journal {
  /** By predicate: its newest posting. */
  readonly newest: Map<number, number>;
  /** By member: the posting up to which it has heard. */
  readonly heard: Map<number, number>;
  /** When the last event came that may have begun a match; -Infinity: what it may have begun is over. */
  begunMs: number;
  /** Members of which a match may have begun, at most. */
  pairs: number;
}

export class Cohort<E> implements MatcherProgram<E>, PartitionStore<E> {
  readonly kind = 'dag';
  readonly isPatient = true;
  /** What is posted, by key. */
  readonly numbering: Numbered<Journal> = new Numbered();
  readonly reason = 'stands for patterns that begin with the same events';
  readonly starts: readonly number[];
  readonly awaits: readonly number[];
  readonly opening: undefined = undefined;
  readonly members: readonly Member<E>[];
  /** Pairs of member and key that may have partial matches, at most. */
  pairs = 0;
  readonly #withinMs: number;
  readonly #host: CohortHost<E>;
  readonly #index: PredicateIndex;
  readonly #postings = new Postings<E>();
  /** By predicate: members of which it may begin a match, and those of which it may complete one. */
  readonly #begun: readonly (readonly Member<E>[])[];
  readonly #completed: readonly (readonly Member<E>[])[];
  /** What a member is about to hear, the newest event first: a posting of it, and the predicates that hold, as bits. */
  readonly #pending: number[] = [];
  readonly #bits: number[] = [];
  /** When the member told last has begun what it holds now. */
  openedMs: number = NaN;
  /** By bit: where the chain of the predicate has come to. */
  readonly #chains: number[] = [];

  constructor(network: PredicateNetwork, members: readonly Member<E>[], host: CohortHost<E>) {
    this.members = members;
    this.starts = [...new Set(members.flatMap(({ program }) => program.starts ?? []))];
    this.awaits = [...new Set(members.flatMap(({ program }) => program.awaits ?? []))];
    this.#withinMs = Math.max(...members.map(({ program }) => program.engine.withinMs));
    this.#host = host;
    this.#index = new PredicateIndex(network, this.awaits);
    this.#begun = byPredicate(members, ({ starts }) => starts);
    this.#completed = byPredicate(members, ({ completes }) => completes);
  }

  partition(): PatternPartition<E> {
    return new StoredPartition(this, this.open());
  }

  open(): number {
    return this.numbering.add({ newest: new Map(), heard: new Map(), begunMs: -Infinity, pairs: 0 });
  }

  close(journal: number): number {
    this.pairs -= this.#at(journal).pairs;
    this.numbering.remove(journal);
    if (this.numbering.size === 0) this.#postings.trim(Infinity);
    return 0;
  }

  process(journal: number, event: E, ts: number): void {
    const index = this.#index;
    const of = this.#at(journal);
    this.#postings.trim(ts - this.#withinMs);
    const first = this.#postings.next;
    index.find();
    for (let i = 0; i < index.count; i += 1) this.#post(of, index.found[i] as number, event, ts, first);
    for (let i = 0; i < index.count; i += 1) {
      const members: readonly Member<E>[] = this.#completed[index.found[i] as number] ?? NOBODY;
      for (const member of members) this.#host.catchUp(this, journal, member, event, ts);
    }
  }

  advance(journal: number, ts: number): void {
    this.#postings.trim(ts - this.#withinMs);
    if (this.deadlineOf(journal) <= ts) this.#at(journal).begunMs = -Infinity;
  }

  deadlineOf(journal: number): number {
    return this.#at(journal).begunMs + this.#withinMs;
  }

  isIdle(journal: number): boolean {
    return this.#at(journal).begunMs === -Infinity;
  }

  /** A match of a member has begun by then, of which the journal knows nothing. */
  noteBegun(journal: number, beganMs: number): void {
    const of = this.#at(journal);
    of.begunMs = Math.max(of.begunMs, beganMs);
  }

  /** Whether something that a member has not heard may begin a match. */
  hasBegun(journal: number, { id, program }: Member<E>, nowMs: number): boolean {
    const { newest, heard } = this.#at(journal);
    const after = heard.get(id) ?? NO_POSTING;
    for (const predicate of program.starts ?? [])
      if (this.#isLeft(newest.get(predicate) ?? NO_POSTING, after, nowMs - program.engine.withinMs)) return true;
    return false;
  }

  /** @returns of how many events a member has yet to hear */
  listen(journal: number, { id, program }: Member<E>, nowMs: number): number {
    const { newest, heard } = this.#at(journal);
    const [postings, chains, pending, bits] = [this.#postings, this.#chains, this.#pending, this.#bits];
    const { predicates } = program;
    const after = heard.get(id) ?? NO_POSTING;
    const overUntil = nowMs - program.engine.withinMs;
    for (let bit = 0; bit < predicates.length; bit += 1)
      chains[bit] = newest.get(predicates[bit] as number) ?? NO_POSTING;
    for (let count = 0; ; count += 1) {
      let last = NO_POSTING;
      for (let bit = 0; bit < predicates.length; bit += 1) {
        const posting = chains[bit] as number;
        if (this.#isLeft(posting, after, overUntil)) last = Math.max(last, postings.firstOf(posting));
      }
      if (last === NO_POSTING) return count;
      pending[count] = last;
      bits[count] = 0;
      for (let bit = 0; bit < predicates.length; bit += 1) {
        const posting = chains[bit] as number;
        if (posting < last) continue;
        bits[count] = (bits[count] as number) | (1 << bit);
        chains[bit] = postings.before(posting);
      }
    }
  }

  /**
   * Tells a member the events that `listen` has found.
   *
   * @returns the set of the matches that the last one completes, or NONE; valid until the next event or partition
   */
  tell(journal: number, { id, program }: Member<E>, partition: number, count: number, nowMs: number): number {
    const postings = this.#postings;
    const { engine } = program;
    this.#at(journal).heard.set(id, postings.next - 1);
    engine.passTo(nowMs);
    this.openedMs = NaN;
    let complete = NONE;
    for (let i = count - 1; i >= 0; i -= 1) {
      const posting = this.#pending[i] as number;
      const ts = postings.timeOf(posting);
      complete = engine.move(partition, this.#bits[i] as number, postings.eventOf(posting), ts);
      if (program.isIdle(partition)) this.openedMs = NaN;
      else if (Number.isNaN(this.openedMs)) this.openedMs = ts;
    }
    return complete;
  }

  /** Members hold what they have heard in rows of their own: the bounds on partial matches are theirs. */
  partialsOf(): number {
    return 0;
  }

  shed(): void {
    throw new TypeError('a cohort has no partial matches of its own');
  }

  snapshot(): never {
    throw new TypeError('what a cohort holds is told to its members first');
  }

  seal(): void {
    throw new TypeError('a cohort is dissolved before patterns change');
  }

  #post(of: Journal, predicate: number, event: E, ts: number, first: number): void {
    const begun = this.#begun[predicate]?.length ?? 0;
    const before = of.newest.get(predicate);
    if (begun > 0) {
      of.begunMs = ts;
      if (before === undefined) {
        of.pairs += begun;
        this.pairs += begun;
      }
    }
    of.newest.set(predicate, this.#postings.add(event, ts, before ?? NO_POSTING, first));
  }

  /** Whether a posting is later than `after`, of an event later than `overUntil`. */
  #isLeft(posting: number, after: number, overUntil: number): boolean {
    return posting > after && posting >= this.#postings.first && this.#postings.timeOf(posting) > overUntil;
  }

  #at(journal: number): Journal {
    return this.numbering.at(journal);
  }
}

const NOBODY: readonly never[] = [];

function byPredicate<E>(
  members: readonly Member<E>[],
  predicatesOf: (program: DagProgram<E>) => readonly number[] | undefined,
): (readonly Member<E>[])[] {
  const lists: Member<E>[][] = [];
  for (const member of members)
    for (const predicate of new Set(predicatesOf(member.program) ?? [])) (lists[predicate] ??= []).push(member);
  return lists;
}
