import type { Predicate } from './model/predicate.ts';

/**
 * What the two matchers have in common. A program is a pattern compiled for one of them, shared by all keys; a partition is
 * the state of one key. Both are pure: no clock, no I/O; time is the event time that comes in.
 */
export interface MatcherProgram<E> {
  readonly kind: 'run' | 'dag';
  /** Why this matcher and not the other: one sentence for `explain()`. */
  readonly reason: string;
  /** Predicates (by number) of which one must hold for an event to start a match; undefined: any event may. */
  readonly starts: readonly number[] | undefined;
  /**
   * Predicates of which one must hold for an event to change a partition that is not idle, those of `starts` included;
   * undefined: every event matters (strict contiguity, negation by any event, conditions over earlier events).
   */
  readonly awaits: readonly number[] | undefined;
  /** How a match begins, where nothing but one predicate decides that; undefined: more does. */
  readonly opening: Opening | undefined;
  /** @param snapshot - of such a partition: it goes on from there */
  partition(snapshot?: PartitionSnapshot): PatternPartition<E>;
  /** What an event must meet to change a partial match that this one has opened; undefined: no such thing is known. */
  readonly thresholdAfterOpening?: ((event: E) => Threshold | undefined) | undefined;
  /** From now on no partition begins a match; what has begun goes on. */
  seal(): void;
}

/** An event for which `predicate` holds begins one partial match, where none is, and completes none. */
export interface Opening {
  readonly predicate: number;
  /** That long after it nothing but a further event changes the partial match; then it ends. */
  readonly lastsMs: number;
}

/** Which partial matches go first when a bound is reached; `newest` is to refuse new ones. */
export type ShedOrder = 'oldest' | 'leastAdvanced' | 'newest';

/** What a partition holds, as plain data that a structured clone keeps; only its own program reads it. */
export type PartitionSnapshot = Readonly<Record<string, unknown>>;

/** The partial matches of one pattern for one key. */
export interface PatternPartition<E> {
  /** One event, no earlier in event time than what came before. Expire with `advance(ts)` first. */
  process(event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void;
  /** Event time reached `ts`: what ends by time ends, before any event of that time. */
  advance(ts: number, output: MatchOutput<E>): void;
  /** Event time at which `advance` has something to do; Infinity when nothing waits for time. */
  readonly deadline: number;
  /** True when no partial match is left: the partition may be forgotten. */
  readonly isIdle: boolean;
  /** Partial matches held now; for the DAG, nodes held. */
  readonly partials: number;
  /** What an event must meet to change anything here, unless it begins a match; undefined: no such thing is known. */
  readonly threshold?: Threshold | undefined;
  /** Lets go of at least `count` partial matches and says of how many through `output.shed`. */
  shed(count: number, order: ShedOrder, output: MatchOutput<E>): void;
  snapshot(): PartitionSnapshot;
  /** The partition is forgotten: what it shares with others is given back. */
  release(): void;
}

/** A comparison of a field that is a number: `addend + field op limit`. */
export interface Threshold {
  readonly field: string;
  readonly op: '<' | '<=' | '>' | '>=' | '==';
  readonly addend: number;
  readonly limit: number;
}

/** Numbers the distinct one-event predicates of all patterns of a flow. */
export interface PredicateTable<E> {
  /** The same number for equal predicates. Not for those that look at earlier events. */
  idOf(predicate: Predicate<E>): number;
}

/** Answers, once per event and at most once per predicate, which predicates hold for the event at hand. */
export interface EventTruth {
  holds(predicate: number): boolean;
}

/** A match or a partial one: events by name of step, in order; a step that matched nothing is absent. */
export type Bindings<E> = Readonly<Record<string, readonly E[]>>;

export interface MatchOutput<E> {
  /** @param count - matches that this stands for: 1, or where a pattern only counts, all; `bindings` is empty then */
  match(bindings: Bindings<E>, startTs: number, endTs: number, count: number): void;
  /** A partial match ran out of time at `at`. */
  timeout(bindings: Bindings<E>, startTs: number, at: number): void;
  /** A bound made the matcher let go of `partials`. */
  shed(partials: number): void;
}
