/**
 * The partial matches of one pattern for one key, and what an event does to them.
 *
 * Invariants:
 * - the seed is always among the partial matches; under a skip strategy they are a heap by first event
 * - a partial match that an event does not touch is the same object after it: nothing is allocated for it
 * - a complete match waits while an earlier partial match lives, where the skip strategy could still discard it
 */

import type { EventTruth, MatchOutput, PartitionSnapshot, PatternPartition, ShedOrder, Threshold } from '../matcher.ts';
import { pop, push, removeAll } from './ordered.ts';
import { bindingsOf, SEED_START, type Bound, type Run } from './run.ts';
import type { RunPattern, RunPlan } from './plan.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';
import { handOut } from './selection.ts';
import { discardedBy } from './skip.ts';
import type { Move } from './table.ts';
import { thresholdBy } from './threshold.ts';

export class RunPartition<E> implements PatternPartition<E> {
  readonly #pattern: RunPattern<E>;
  readonly #plan: RunPlan<E>;
  readonly #skips: boolean;
  #partials: Run<E>[];
  /** Under a skip strategy: complete, but an earlier partial match may still discard them. */
  #complete: Run<E>[] = NONE;
  #seq = 0;
  /** No later than the time at which the first partial match ends. */
  #deadline = Infinity;

  constructor(pattern: RunPattern<E>, snapshot?: PartitionSnapshot) {
    const { plan } = pattern;
    this.#pattern = pattern;
    this.#plan = plan;
    this.#skips = plan.skip.strategy !== 'noSkip';
    this.#partials = [plan.seed];
    if (snapshot !== undefined) this.#restore(snapshot);
  }

  get deadline(): number {
    return this.#deadline;
  }

  get isIdle(): boolean {
    return this.#partials.length === 1 && this.#complete.length === 0;
  }

  get partials(): number {
    return this.#partials.length - 1 + this.#complete.length;
  }

  get threshold(): Threshold | undefined {
    if (this.#partials.length !== 2) return undefined;
    const [first, second] = this.#partials as [Run<E>, Run<E>];
    const { state, tally } = first.last === undefined ? second : first;
    const rule = this.#plan.thresholds[state];
    return rule === undefined ? undefined : thresholdBy(rule, this.#plan.tallies, tally);
  }

  process(event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void {
    const before = this.#partials;
    let after: Run<E>[] | undefined;
    let ended: Run<E>[] = NONE;
    const { decider } = this.#plan;
    decider.look(event, truth, this.#pattern);
    for (let index = 0; index < before.length; index++) {
      const partial = before[index] as Run<E>;
      const moves = decider.movesOf(partial);
      if (moves === undefined) {
        if (after !== undefined) this.#add(after, partial);
        continue;
      }
      // What precedes it is a heap by itself already.
      if (after === undefined) {
        after = before.slice(0, index);
        ended = [];
      }
      this.#move(partial, moves, event, ts, after, ended);
    }
    if (after === undefined) return;
    this.#seq++;
    this.#partials = after;
    this.#emit(ended, output, ts);
  }

  advance(ts: number, output: MatchOutput<E>): void {
    if (ts < this.#deadline) return;
    const kept: Run<E>[] = [];
    const ended: Run<E>[] = [];
    let deadline = Infinity;
    for (const partial of this.#partials) {
      const expiry = this.#expiryOf(partial);
      if (ts < expiry) {
        this.#add(kept, partial);
        if (expiry < deadline) deadline = expiry;
      } else if (this.#plan.rows[partial.state]?.kind === 'pending') this.#add(ended, partial);
      else output.timeout(bindingsOf(partial.last), partial.startTs, this.#endOf(partial, ts));
    }
    this.#partials = kept;
    this.#deadline = deadline;
    this.#emit(ended, output, ts);
  }

  shed(count: number, order: ShedOrder, output: MatchOutput<E>): void {
    const sorted = this.#partials.filter(({ start }) => start !== SEED_START).sort(ORDERS[order]);
    const gone = new Set(sorted.slice(0, count));
    output.shed(removeAll(this.#partials, (partial) => gone.has(partial)));
  }

  snapshot(): PartitionSnapshot {
    return writeSnapshot({ seq: this.#seq, partials: this.#partials, complete: this.#complete });
  }

  /** Nothing is shared. */
  release(): void {
    this.#partials = [this.#plan.seed];
    this.#complete = NONE;
  }

  #restore(snapshot: PartitionSnapshot): void {
    const { seq, partials, complete } = readSnapshot<E>(snapshot, this.#plan.tallies);
    this.#seq = seq;
    this.#partials = partials;
    if (complete.length > 0) this.#complete = complete;
    this.#deadline = Math.min(...partials.map((partial) => this.#expiryOf(partial)));
  }

  /** Carries out what fired: the partial matches that follow from this one, and those that are complete. */
  #move(partial: Run<E>, moves: readonly Move<E>[], event: E, ts: number, after: Run<E>[], ended: Run<E>[]): void {
    const { rows, decider } = this.#plan;
    const isStopped = moves.some(({ to }) => rows[to]?.kind === 'stop');
    for (const move of moves) {
      const kind = rows[move.to]?.kind;
      if (kind === 'stop') continue;
      const moved = move.action === 'take' ? this.#take(partial, move, event, ts) : { ...partial, state: move.to };
      if (kind === 'final') this.#add(ended, moved);
      else if (!isStopped) this.#admit(after, moved);
      if (move.exit !== undefined && decider.holds(move.exit, partial)) this.#add(ended, moved);
    }
    if (partial.last === undefined) this.#add(after, partial);
  }

  #take(partial: Run<E>, { name, to }: Move<E>, event: E, ts: number): Run<E> {
    const before = partial.last;
    const length = before === undefined ? 1 : before.length + 1;
    const last: Bound<E> = { name, event, seq: this.#seq, before, length };
    const isFirst = before === undefined;
    return {
      state: to,
      last,
      start: isFirst ? this.#seq : partial.start,
      startTs: isFirst ? ts : partial.startTs,
      lastTs: ts,
      tally: this.#plan.tallies.with(partial.tally, name, event),
    };
  }

  #admit(after: Run<E>[], partial: Run<E>): void {
    this.#add(after, partial);
    const expiry = this.#expiryOf(partial);
    if (expiry < this.#deadline) this.#deadline = expiry;
  }

  #add(list: Run<E>[], partial: Run<E>): void {
    if (this.#skips) push(list, partial);
    else list.push(partial);
  }

  #expiryOf(partial: Run<E>): number {
    return partial.last === undefined ? Infinity : Math.min(this.#windowEndOf(partial), this.#gapEndOf(partial));
  }

  /** Which of two ends it is said to have ended by at `ts`: a gap that is over is named before the window. */
  #endOf(partial: Run<E>, ts: number): number {
    const gapEnd = this.#gapEndOf(partial);
    return gapEnd <= ts ? gapEnd : this.#windowEndOf(partial);
  }

  #windowEndOf({ startTs }: Run<E>): number {
    return this.#plan.withinMs === undefined ? Infinity : startTs + this.#plan.withinMs;
  }

  #gapEndOf({ state, lastTs }: Run<E>): number {
    const gapMs = this.#plan.rows[state]?.gapMs;
    return gapMs === undefined ? Infinity : lastTs + gapMs;
  }

  /** Without a skip strategy at once; with one, in order of their first events, each discarding what it skips. */
  #emit(ended: readonly Run<E>[], output: MatchOutput<E>, ts: number): void {
    if (!this.#skips) {
      handOut(ended, this.#plan.selection, ts, output);
      return;
    }
    if (ended.length > 0 && this.#complete === NONE) this.#complete = [];
    const complete = this.#complete;
    for (const partial of ended) push(complete, partial);
    if (complete.length === 0) return;
    const handed: Run<E>[] = [];
    try {
      for (let first = complete[0]; first !== undefined; first = complete[0]) {
        const [earliest] = this.#partials;
        if (earliest !== undefined && first.start > earliest.start) return;
        pop(complete);
        this.#discard(first);
        handed.push(first);
      }
    } finally {
      // Also where a later one cannot be skipped from as its pattern asks.
      handOut(handed, this.#plan.selection, ts, output);
    }
  }

  /** Lets go of what a match skips. */
  #discard(match: Run<E>): void {
    const isDiscarded = discardedBy(this.#plan.skip, match);
    if (isDiscarded === undefined) return;
    removeAll(this.#partials, isDiscarded);
    removeAll(this.#complete, isDiscarded);
  }
}

/** Stands for a list of a partition that has none yet: bench:patterns, iterative. */
const NONE: never[] = [];

type Order = (a: Run<unknown>, b: Run<unknown>) => number;

/** What goes first stands first. */
const ORDERS: Readonly<Record<ShedOrder, Order>> = {
  oldest: (a, b) => a.start - b.start,
  newest: (a, b) => b.start - a.start,
  leastAdvanced: (a, b) => lengthOf(a) - lengthOf(b) || a.start - b.start,
};

const lengthOf = ({ last }: Run<unknown>): number => last?.length ?? 0;
