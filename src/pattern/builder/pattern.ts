import type { Explanation } from '../explain.ts';
import type { MatchOperator } from '../match/live-patterns.ts';
import type { Bindings } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';

/**
 * A pattern over events of type `E` whose matches give an `R`.
 * `B` is what the steps bind: see `BindingsOf`.
 */
export interface Pattern<E, R = Bindings<E>, B = Bindings<E>> {
  readonly name: string;
  /** @throws PatternError when it is not a pattern: two steps of one name, an open negation at the end... */
  readonly model: PatternModel<E>;
  /** What a match gives: the result of `select`, else each step's events. `count`: matches that it stands for, default 1. */
  project(bindings: Bindings<E>, count?: number): R;
  /** The same bindings, typed. */
  typed(bindings: Bindings<E>): B;
  /** How it will be matched. */
  explain(): Explanation;
  /** @internal What `stream.match` runs. */
  readonly operator: MatchOperator;
}
