/**
 * What a step asks of an event. The parsed forms (everything but `call`) are data: they can be indexed, shared between
 * patterns and written as JSON. A `call` is a function of the user: it works everywhere, but is opaque.
 */
export type Predicate<E = unknown> =
  | { readonly true: true }
  | { readonly and: readonly Predicate<E>[] }
  | { readonly or: readonly Predicate<E>[] }
  | { readonly not: Predicate<E> }
  /** The event's `type` field, or its class, is this or a kind of this. */
  | { readonly isType: string }
  | { readonly cmp: readonly [Term, Comparison, Term] }
  | { readonly call: EventTest<E> }
  | { readonly callWithSeen: SeenTest<E> };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'startsWith';

/** A literal, a field of the event, or an aggregate over the events that a step has matched so far. */
export type Term = Literal | { readonly field: string } | AggregateTerm;

export type Literal = string | number | boolean | null;

export interface AggregateTerm {
  readonly agg: AggregateName;
  /** The step whose events it looks at; the step itself for a loop over its own events. */
  readonly of: string;
  /** Needed for all but `count`. */
  readonly field?: string;
  /** The event under test counts as one of them. Default false. */
  readonly plusCurrent?: boolean;
}

export type AggregateName = 'sum' | 'count' | 'first' | 'last' | 'min' | 'max' | 'avg';

export type EventTest<E> = (event: E) => unknown;

/** @param seen - what this partial match holds so far */
export type SeenTest<E> = (event: E, seen: Seen<E>) => unknown;

/** Events by name of step, in order. Only steps that matched something are there. Valid during the call only. */
export type Seen<E> = Readonly<Record<string, SeenEvents<E>>>;

/** The events that one step has matched so far. Its sums are kept up to date with each event, never computed anew. */
export interface SeenEvents<E> extends ReadonlyArray<E> {
  /** Sum of a field over the events; what is not a number counts as 0. */
  sum(field: keyof E & string): number;
  /** Mean of a field over the events; NaN for none. */
  avg(field: keyof E & string): number;
  readonly count: number;
  readonly first: E | undefined;
  readonly last: E | undefined;
}
