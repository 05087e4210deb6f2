/** Types of the builder: what each step binds, and what that makes of a match and of what later conditions see. */

import type { FieldTest } from './fields.ts';
import type { Predicate, SeenEvents } from '../model/predicate.ts';

/** How many events a step binds: exactly one, none or one, one or more, any number; `never`: a negation. */
export type Count = 'one' | 'optional' | 'some' | 'any' | 'never';

export interface Shape {
  readonly event: unknown;
  readonly count: Count;
}

/** Steps by name. */
export type Shapes = Readonly<Record<string, Shape>>;

/** What a pattern without steps has. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- no steps is what it says
export type NoShapes = Readonly<Record<never, never>>;

export type Bound<S extends Shapes> = { [K in keyof S]: S[K]['count'] extends 'never' ? never : K }[keyof S] & string;

/** What `select` gets: one event, one or undefined, or an array that is not empty where the loop takes one at least. */
export type MatchOf<S extends Shapes> = { readonly [K in Bound<S>]: Selected<S[K]> };

type Selected<T extends Shape> = T['count'] extends 'one'
  ? T['event']
  : T['count'] extends 'optional'
    ? T['event'] | undefined
    : T['count'] extends 'some'
      ? readonly [T['event'], ...T['event'][]]
      : readonly T['event'][];

/** The events of a match by step, always as arrays; a step that matched nothing is absent. */
export type BindingsOf<S extends Shapes> = {
  readonly [K in Bound<S> as S[K]['count'] extends 'one' | 'some' ? K : never]: readonly [
    S[K]['event'],
    ...S[K]['event'][],
  ];
} & {
  readonly [K in Bound<S> as S[K]['count'] extends 'one' | 'some' ? never : K]?: readonly S[K]['event'][];
};

/** What a condition sees of the match so far: earlier steps, and itself when it repeats. */
export type SeenOf<S extends Shapes, N extends string, E> = {
  readonly [K in Bound<S> as S[K]['count'] extends 'one' | 'some' ? K : never]: SeenEvents<S[K]['event']> & {
    readonly 0: S[K]['event'];
  };
} & {
  readonly [K in Bound<S> as S[K]['count'] extends 'one' | 'some' ? never : K]?: SeenEvents<S[K]['event']>;
} & { readonly [K in N]?: SeenEvents<E> };

/**
 * A condition of a step: a test made with `fields()`, a predicate as data, or a function. A function of two parameters looks
 * at the match so far too. Only tests and data can be indexed and shared between patterns.
 */
export type ConditionOn<E, Sees> = FieldTest | Predicate<E> | ((event: E, seen: Sees) => unknown);

/** What a condition that is a type guard makes of the event. */
export type Narrowed<E, C> = C extends ((event: E, ...rest: never[]) => event is infer F extends E) ? F : E;

/** A step more. */
export type With<S extends Shapes, N extends string, E, C extends Count> = {
  readonly [K in keyof S | N]: K extends N
    ? { readonly event: E; readonly count: C }
    : K extends keyof S
      ? S[K]
      : never;
};

/** The steps of a group or an alternative, among the others. */
export type Merged<S extends Shapes, T extends Shapes> = {
  readonly [K in keyof S | keyof T]: K extends keyof T ? T[K] : K extends keyof S ? S[K] : never;
};

/** The steps `L` as they are when repeated. */
export type Repeated<S extends Shapes, L> = {
  readonly [K in keyof S]: K extends L ? { readonly event: S[K]['event']; readonly count: Times[S[K]['count']] } : S[K];
};

/** The steps `L` as they are when they may be missing. */
export type Optional<S extends Shapes, L> = {
  readonly [K in keyof S]: K extends L ? { readonly event: S[K]['event']; readonly count: Maybe[S[K]['count']] } : S[K];
};

interface Times {
  readonly one: 'some';
  readonly some: 'some';
  readonly optional: 'any';
  readonly any: 'any';
  readonly never: 'never';
}

interface Maybe {
  readonly one: 'optional';
  readonly optional: 'optional';
  readonly some: 'any';
  readonly any: 'any';
  readonly never: 'never';
}

/** A name that no step has yet. */
export type FreeName<N extends string, S extends Shapes> = N extends keyof S ? never : N;

/** Arguments of what is said of a step that binds events, named `L`; a negation has none, and none of it can be said. */
export type OfStep<L, Arguments extends readonly unknown[]> = [L] extends [never] ? [notOfANegation: never] : Arguments;

/** The same for what is said of a loop: of a step that comes once at most it cannot be said. */
export type OfLoop<S extends Shapes, L extends string, Arguments extends readonly unknown[]> = [L] extends [never]
  ? [notOfANegation: never]
  : S[L]['count'] extends 'one' | 'optional'
    ? [notWhereNothingRepeats: never]
    : Arguments;
