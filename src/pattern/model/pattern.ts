import type { Predicate } from './predicate.ts';

/** A pattern as data: what the builder, the text form and JSON all become, and what both matchers are compiled from. */
export interface PatternModel<E = unknown> {
  readonly steps: readonly Step<E>[];
  /** A partial match ends when event time reaches its first event's time plus this. */
  readonly within?: { readonly ms: number; readonly scope: 'firstToLast' };
  /** Default `noSkip`. */
  readonly skip?: Skip;
  /** Of the matches that come at once for a key: one of them, or how many there are. Default: all. */
  readonly only?: Only | 'count';
  /** Of the matches that come at once for a key no more than so many. Default: all. */
  readonly limit?: number;
}

/** Of several matches the one that began first, the one that began last, or the one with the most events. */
export type Only = 'first' | 'last' | 'longest';

export type Step<E = unknown> = SingleStep<E> | GroupStep<E> | ChoiceStep<E> | PermutationStep<E>;

interface StepBase<E> {
  /** How it follows the step before; null for the first. */
  readonly link: Link | null;
  readonly quantifier?: Quantifier<E>;
  /** Longest time between the event before and this one. */
  readonly gapMs?: number;
}

export interface SingleStep<E = unknown> extends StepBase<E> {
  readonly name: string;
  /** Default: any event. */
  readonly where?: Predicate<E>;
}

/** Steps as one, most often to repeat them. Names inside bind repeatedly. */
export interface GroupStep<E = unknown> extends StepBase<E> {
  readonly group: readonly Step<E>[];
}

/** One of several sequences. */
export interface ChoiceStep<E = unknown> extends StepBase<E> {
  readonly anyOf: readonly (readonly Step<E>[])[];
}

/** All of these, in any order; the strictest `link` of the steps inside says how they follow each other. */
export interface PermutationStep<E = unknown> extends StepBase<E> {
  readonly permute: readonly SingleStep<E>[];
}

/**
 * Contiguity. `next`: the very next event. `followedBy`: skips what does not match until the first that does.
 * `followedByAny`: also tries the later ones. `notNext`, `notFollowedBy`: must not come; bind nothing.
 */
export type Link = 'next' | 'followedBy' | 'followedByAny' | 'notNext' | 'notFollowedBy';

export interface Quantifier<E = unknown> {
  /** Default 1. With `{ optional: true }` alone: none or one. */
  readonly min?: number;
  /** null: no upper end. Default: the same as `min`. */
  readonly max?: number | null;
  /** Contiguity inside the loop. Default `relaxed`. */
  readonly inner?: 'strict' | 'relaxed' | 'any';
  /** Longest time between two events of the loop. */
  readonly gapMs?: number;
  readonly optional?: boolean;
  /** Takes as many as it can where the next step would match too. Default false. */
  readonly greedy?: boolean;
  /** The loop ends before the first event for which this holds. */
  readonly until?: Predicate<E>;
}

/** What happens to other partial matches when one is complete. */
export interface Skip {
  readonly strategy: 'noSkip' | 'toNext' | 'pastLast' | 'toFirst' | 'toLast';
  /** Step that `toFirst` and `toLast` skip to. */
  readonly ref?: string;
  /** A match without that step is an error. Default false. */
  readonly errorOnMiss?: boolean;
}
