/**
 * The typed way to write a pattern: each call gives a new builder whose type knows the steps so far. A builder is a pattern;
 * nothing has to be called at the end.
 */

import { durationMs, type Duration } from '../../time/duration.ts';
import { explain, type Explanation } from '../explain.ts';
import { matchOperator } from '../match/match-collector.ts';
import type { MatchOperator } from '../match/live-patterns.ts';
import type { Bindings } from '../matcher.ts';
import { checked } from '../model/check.ts';
import { PatternError } from '../model/error.ts';
import type { Link, Only, PatternModel, Quantifier, SingleStep, Skip, Step } from '../model/pattern.ts';
import { stepOf, type Apart, type Block } from './block.ts';
import { predicateOf, type Written } from './condition.ts';
import { loopOf, repeats, type LoopOptions, type TimesOptions } from './loop.ts';
import type { Pattern } from './pattern.ts';
import { projected } from './projection.ts';
import type {
  BindingsOf,
  Bound,
  ConditionOn,
  FreeName,
  MatchOf,
  Merged,
  Narrowed,
  NoShapes,
  OfLoop,
  OfStep,
  Optional,
  Repeated,
  SeenOf,
  Shapes,
  With,
} from './types.ts';

/**
 * Begins a pattern.
 *
 * @param name - for messages, metrics and `explain`
 * @example
 * const brute = pattern<Login>('brute-force')
 *   .begin('fail', e => !e.ok).times(3, { max: 10 })
 *   .next('ok', (e, seen) => e.ok && e.ip === seen.fail[0].ip)
 *   .within('5 min')
 *   .skip('pastLast')
 *   .select(m => ({ user: m.ok.user, tries: m.fail.length }));
 */
export function pattern<E>(name = 'pattern'): PatternStart<E> {
  return new PatternStart<E>(name);
}

/** A pattern without steps yet. */
export class PatternStart<E> {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  begin<N extends string, C extends ConditionOn<E, SeenOf<NoShapes, N, E>>>(
    name: N,
    condition?: C,
  ): PatternBuilder<E, With<NoShapes, N, Narrowed<E, C>, 'one'>, N>;
  begin<S extends Shapes>(block: Block<E, S>): PatternBuilder<E, S, Bound<S>>;
  begin(first: string | Block<E, Shapes>, condition?: Written<E>): unknown {
    return new PatternBuilder<E, Shapes, string>({ name: this.name, steps: [stepOf(first, null, condition)] });
  }
}

interface Draft<E> {
  readonly name: string;
  readonly steps: readonly Step<E>[];
  readonly within?: NonNullable<PatternModel['within']>;
  readonly skip?: Skip;
  readonly only?: Only;
  readonly limit?: number;
}

/**
 * @typeParam S - the steps so far
 * @typeParam L - names of the last step: what `times`, `optional` and the like are about
 * @typeParam W - whether `within` has been said
 */
export class PatternBuilder<E, S extends Shapes, L extends string, W extends boolean = false>
  implements Pattern<E, MatchOf<S>, BindingsOf<S>>, Block<E, S>
{
  declare readonly shapes?: S;
  readonly operator: MatchOperator = matchOperator;
  readonly #draft: Draft<E>;
  #model: PatternModel<E> | undefined;

  constructor(draft: Draft<E>) {
    this.#draft = draft;
  }

  get name(): string {
    return this.#draft.name;
  }

  get model(): PatternModel<E> {
    const { steps, within, skip, only, limit } = this.#draft;
    this.#model ??= checked<E>({
      steps,
      ...(within === undefined ? {} : { within }),
      ...(skip === undefined ? {} : { skip }),
      ...(only === undefined ? {} : { only }),
      ...(limit === undefined ? {} : { limit }),
    });
    return this.#model;
  }

  /** The very next event. */
  next<N extends string, C extends ConditionOn<E, SeenOf<S, N, E>>>(
    name: FreeName<N, S>,
    condition?: C,
  ): PatternBuilder<E, With<S, N, Narrowed<E, C>, 'one'>, N, W>;
  next<T extends Shapes>(block: Apart<E, S, T>): PatternBuilder<E, Merged<S, T>, Bound<T>, W>;
  next(step: string | Block<E, Shapes>, condition?: Written<E>): unknown {
    return this.#append('next', step, condition);
  }

  /** The first event that suits, whatever comes before it. */
  followedBy<N extends string, C extends ConditionOn<E, SeenOf<S, N, E>>>(
    name: FreeName<N, S>,
    condition?: C,
  ): PatternBuilder<E, With<S, N, Narrowed<E, C>, 'one'>, N, W>;
  followedBy<T extends Shapes>(block: Apart<E, S, T>): PatternBuilder<E, Merged<S, T>, Bound<T>, W>;
  followedBy(step: string | Block<E, Shapes>, condition?: Written<E>): unknown {
    return this.#append('followedBy', step, condition);
  }

  /** Any later event that suits: one match for each. */
  followedByAny<N extends string, C extends ConditionOn<E, SeenOf<S, N, E>>>(
    name: FreeName<N, S>,
    condition?: C,
  ): PatternBuilder<E, With<S, N, Narrowed<E, C>, 'one'>, N, W>;
  followedByAny<T extends Shapes>(block: Apart<E, S, T>): PatternBuilder<E, Merged<S, T>, Bound<T>, W>;
  followedByAny(step: string | Block<E, Shapes>, condition?: Written<E>): unknown {
    return this.#append('followedByAny', step, condition);
  }

  /** The very next event is not this. */
  notNext<N extends string>(
    name: FreeName<N, S>,
    condition?: ConditionOn<E, SeenOf<S, N, E>>,
  ): PatternBuilder<E, With<S, N, E, 'never'>, never, W>;
  notNext(name: string, condition?: Written<E>): PatternBuilder<E, Shapes, never, W> {
    return this.#append('notNext', name, condition);
  }

  /** No such event before the next step; as the last step, none until the time of `within` is over. */
  notFollowedBy<N extends string>(
    name: FreeName<N, S>,
    condition?: ConditionOn<E, SeenOf<S, N, E>>,
  ): Absent<E, With<S, N, E, 'never'>, W>;
  notFollowedBy(name: string, condition?: Written<E>): unknown {
    return this.#append('notFollowedBy', name, condition);
  }

  /** The last step, so many times. */
  times(
    ...[count, options = {}]: OfStep<L, [count: number, options?: TimesOptions]>
  ): PatternBuilder<E, Repeated<S, L>, L, W> {
    const { max = count, ...loop } = options;
    return this.#loop({ min: count, max, ...loopOf(loop) });
  }

  /** The last step, so many times or more. */
  atLeast(
    ...[count, options = {}]: OfStep<L, [count: number, options?: LoopOptions]>
  ): PatternBuilder<E, Repeated<S, L>, L, W> {
    return this.#loop({ min: count, max: null, ...loopOf(options) });
  }

  oneOrMore(...[options = {}]: OfStep<L, [options?: LoopOptions]>): PatternBuilder<E, Repeated<S, L>, L, W> {
    return this.#loop({ min: 1, max: null, ...loopOf(options) });
  }

  /** The last step may be missing. */
  optional(...[]: OfStep<L, []>): PatternBuilder<E, Optional<S, L>, L, W> {
    return this.#loop({ optional: true });
  }

  /** The last step's loop takes an event where the next step would take it too. */
  greedy(...[]: OfStep<L, []>): PatternBuilder<E, S, L, W> {
    return this.#loop({ greedy: true });
  }

  /** The last step's loop ends before the first event for which this holds. */
  until(...[condition]: OfLoop<S, L, [condition: ConditionOn<E, SeenOf<S, L, E>>]>): PatternBuilder<E, S, L, W> {
    return this.#loop({ until: predicateOf(condition as Written<E>) });
  }

  /** Longest time between the event before and the last step. */
  gap(duration: Duration): PatternBuilder<E, S, L, W> {
    return this.#change(() => ({ gapMs: durationMs(duration, `${this.name}.gap`) }));
  }

  /** A condition more on the last step. */
  where(condition: ConditionOn<E, SeenOf<S, L, E>>): PatternBuilder<E, S, L, W> {
    const more = predicateOf(condition as Written<E>);
    return this.#change((step) => {
      if (!('name' in step)) throw new PatternError(this.#lastPath, 'a single step to put a condition on', step);
      return { where: step.where === undefined ? more : { and: [step.where, more] } } satisfies Changed<E>;
    });
  }

  /** Longest time from the first event to the last. */
  within(duration: Duration): PatternBuilder<E, S, L, true> {
    const ms = durationMs(duration, `${this.name}.within`);
    return this.#with({ within: { ms, scope: 'firstToLast' } });
  }

  /** What a match discards: see docs/patterns. Default `noSkip`: nothing. */
  skip(strategy: 'noSkip' | 'toNext' | 'pastLast'): PatternBuilder<E, S, L, W>;
  skip(strategy: 'toFirst' | 'toLast', step: Bound<S>, options?: Pick<Skip, 'errorOnMiss'>): PatternBuilder<E, S, L, W>;
  skip(strategy: Skip['strategy'], ref?: string, options?: Pick<Skip, 'errorOnMiss'>): PatternBuilder<E, S, L, W> {
    return this.#with({ skip: { strategy, ...(ref === undefined ? {} : { ref }), ...options } });
  }

  /**
   * Of the matches that come at once for a key only one: that which began first, that which began last, or that with the most
   * events (of several, the one that began first).
   */
  only(which: Only): PatternBuilder<E, S, L, W> {
    return this.#with({ only: which });
  }

  /** Of the matches that come at once for a key no more than so many. The DAG matcher puts together only these. */
  limit(matches: number): PatternBuilder<E, S, L, W> {
    return this.#with({ limit: matches });
  }

  /**
   * Only how many matches come at once for a key, as the value of one output. The DAG matcher counts 2^n of them in n steps;
   * exact up to 2^53 - 1, beyond that the nearest double.
   */
  count(): Pattern<E, number> {
    const { name } = this;
    const model = checked<E>({ ...this.model, only: 'count' });
    return {
      name,
      model,
      project: (_, count = 1) => count,
      typed: (bindings) => bindings,
      explain: () => explain(model),
      operator: matchOperator,
    };
  }

  /** What a match gives. The function gets one event per single step, an array per loop, undefined for what is missing. */
  select<R>(result: (match: MatchOf<S>) => R): Pattern<E, R, BindingsOf<S>> {
    const { name, model } = this;
    return {
      name,
      model,
      project: (bindings) => result(this.project(bindings)),
      typed: (bindings) => this.typed(bindings),
      explain: () => this.explain(),
      operator: matchOperator,
    };
  }

  project(bindings: Bindings<E>): MatchOf<S> {
    return projected(this.#draft.steps, bindings) as MatchOf<S>;
  }

  typed(bindings: Bindings<E>): BindingsOf<S> {
    return bindings as BindingsOf<S>;
  }

  explain(): Explanation {
    return explain(this.model);
  }

  block(link: Link | null): Step<E> {
    const { within, skip, only, limit, steps } = this.#draft;
    if (within !== undefined) throw new PatternError(`${this.name}.within`, 'a time for the whole pattern', within.ms);
    if (skip !== undefined) throw new PatternError(`${this.name}.skip`, 'one for the whole pattern', skip.strategy);
    if (only !== undefined) throw new PatternError(`${this.name}.only`, 'one for the whole pattern', only);
    if (limit !== undefined) throw new PatternError(`${this.name}.limit`, 'one for the whole pattern', limit);
    return { link, group: steps };
  }

  get #lastPath(): string {
    return `${this.name}.steps[${this.#draft.steps.length - 1}]`;
  }

  #append<T extends Shapes, M extends string>(
    link: Link,
    step: string | Block<E, Shapes>,
    condition: Written<E> | undefined,
  ): PatternBuilder<E, T, M, W> {
    return this.#with({ steps: [...this.#draft.steps, stepOf(step, link, condition)] });
  }

  #loop<T extends Shapes>(quantifier: Quantifier<E>): PatternBuilder<E, T, L, W> {
    return this.#change((step) => ({ quantifier: { ...step.quantifier, ...quantifier } }));
  }

  #change<T extends Shapes>(change: (step: Step<E>) => Changed<E>): PatternBuilder<E, T, L, W> {
    const { steps } = this.#draft;
    const last = steps.at(-1);
    if (last === undefined) throw new PatternError(this.name, 'a step to change', steps);
    const changed = { ...last, ...change(last) };
    if (changed.gapMs !== undefined && repeats(changed.quantifier)) {
      throw new PatternError(this.#lastPath, 'the option gap of times, where a step repeats', changed.gapMs);
    }
    return this.#with({ steps: [...steps.slice(0, -1), changed] });
  }

  #with<T extends Shapes, M extends string, V extends boolean>(change: Partial<Draft<E>>): PatternBuilder<E, T, M, V> {
    return new PatternBuilder<E, T, M, V>({ ...this.#draft, ...change });
  }
}

type Changed<E> = Partial<Pick<SingleStep<E>, 'quantifier' | 'gapMs' | 'where'>>;

/** What `notFollowedBy` gives: with `within` a pattern, without one nothing that can be matched yet. */
type Absent<E, S extends Shapes, W extends boolean> = W extends true
  ? PatternBuilder<E, S, never, W>
  : OpenPattern<E, S>;

/**
 * Ends with `notFollowedBy` and says no time until when: not a pattern before `within`, `gap` or a further step.
 */
export interface OpenPattern<E, S extends Shapes>
  extends
    Block<E, S>,
    Pick<
      PatternBuilder<E, S, never>,
      'name' | 'next' | 'followedBy' | 'followedByAny' | 'notNext' | 'notFollowedBy' | 'within' | 'gap'
    > {
  where(...condition: Parameters<PatternBuilder<E, S, never>['where']>): this;
  skip(strategy: 'noSkip' | 'toNext' | 'pastLast'): this;
  skip(strategy: 'toFirst' | 'toLast', step: Bound<S>, options?: Pick<Skip, 'errorOnMiss'>): this;
  only(which: Only): this;
  limit(matches: number): this;
}
