import type { Bindings } from '../../pattern/matcher.ts';
import type { PatternModel } from '../../pattern/model/pattern.ts';
import type { Farewell, PatternStatus } from '../../pattern/network/pattern-set.ts';

/** A pattern with its name and with what its matches give; the builder's patterns are such. */
export interface NamedPattern<E, R = Bindings<E>, B = Bindings<E>> {
  readonly name: string;
  readonly model: PatternModel<E>;
  project(bindings: Bindings<E>): R;
  typed(bindings: Bindings<E>): B;
}

/** The patterns of a running operator. Changes hold from the next event on; no event and no match of the others is lost. */
export interface LivePatterns {
  list(): readonly PatternStatus[];
  add(name: string, pattern: AnyPattern): void;
  /** @param old - what the version before has begun goes on (`drain`, default), or is dropped */
  replace(name: string, pattern: AnyPattern, old?: Farewell): void;
  /** @param old - what it has begun is dropped (default), or goes on */
  remove(name: string, old?: Farewell): void;
}

/** A pattern as data, or one with a name and a projection. */
export type AnyPattern = PatternModel<never> | NamedPattern<never, unknown, unknown>;

export const isNamed = (pattern: AnyPattern): pattern is NamedPattern<never, unknown, unknown> => 'model' in pattern;
/** Its events are of the type that the stream has: the declaration has checked it. */
export const modelOf = (pattern: AnyPattern): PatternModel =>
  (isNamed(pattern) ? pattern.model : pattern) as PatternModel;
