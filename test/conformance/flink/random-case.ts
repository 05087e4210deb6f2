/**
 * Random cases of what the reference engine knows, from a seed: every construct and every combination of them, also those that
 * it refuses. Alternatives and permutations do not exist there.
 */

import type { Link, PatternModel, Quantifier, SingleStep, Skip, Step } from '../../../src/pattern/model/pattern.ts';
import type { Predicate, Term } from '../../../src/pattern/model/predicate.ts';
import type { Case, CaseEvent, CaseInput } from '../cases.ts';
import { Dice } from '../random-pattern.ts';

export type Question = Omit<Case, 'expect'> & { readonly pattern: PatternModel<CaseEvent> };

export function randomQuestion(seed: number): Question {
  const dice = new Dice(seed);
  // Of its own dice, so that the others stay what they were.
  const taste = new Dice(~seed).chance(0.35) ? CROWDED : MIXED;
  const pattern = new Author(dice, taste).pattern();
  return { id: `random.seed${seed}`, source: 'random pattern', pattern, ...stream(dice, taste) };
}

/** How likely it is that a pattern has what makes rules meet. */
interface Taste {
  readonly names: number;
  readonly quantifier: number;
  readonly optional: number;
  readonly greedy: number;
  readonly until: number;
  readonly within: number;
  readonly longestWithin: number;
  readonly skip: number;
  /** Time comes by itself, without an event. */
  readonly advance: number;
}

const MIXED: Taste = {
  names: 0.7, quantifier: 0.55, optional: 0.3, greedy: 0.35, until: 0.25,
  within: 0.35, longestWithin: 12, skip: 0.5, advance: 0.06,
}; // prettier-ignore
/** Two names, loops, windows of few events and skipping: most rules meet in most patterns. */
const CROWDED: Taste = {
  names: 0.15, quantifier: 0.85, optional: 0.45, greedy: 0.5, until: 0.5,
  within: 0.75, longestWithin: 6, skip: 0.85, advance: 0.2,
}; // prettier-ignore

const POSITIVE: readonly Link[] = ['next', 'followedBy', 'followedByAny'];
const NEGATIVE: readonly Link[] = ['notNext', 'notFollowedBy'];
const INNER = ['strict', 'relaxed', 'any'] as const;
const TOP_PRICE = 5;

class Author {
  readonly #dice: Dice;
  readonly #taste: Taste;
  /** Fewer names make longer matches. */
  readonly #names: readonly string[];
  readonly #hasGaps: boolean;
  readonly #hasGroups: boolean;
  /** More steps, deeper groups. */
  readonly #isLarge: boolean;
  readonly #negations: number;
  #count = 0;
  readonly #bound: string[] = [];
  /** Steps that a skip strategy may name. */
  readonly #targets: string[] = [];

  constructor(dice: Dice, taste: Taste) {
    this.#dice = dice;
    this.#taste = taste;
    this.#names = dice.chance(taste.names) ? ['a', 'b', 'c', 'd'] : ['a', 'b'];
    this.#hasGaps = dice.chance(0.2);
    this.#hasGroups = dice.chance(0.4);
    this.#isLarge = dice.chance(0.15);
    this.#negations = dice.chance(0.5) ? 0 : 0.35;
  }

  pattern(): PatternModel<CaseEvent> {
    const dice = this.#dice;
    const steps = this.#sequence(dice.between(1, this.#isLarge ? 8 : 4), 0);
    const { within, longestWithin } = this.#taste;
    const hasWithin = dice.chance(within) || (steps.at(-1)?.link === 'notFollowedBy' && dice.chance(0.8));
    return {
      steps,
      ...(hasWithin ? { within: { ms: dice.between(2, longestWithin), scope: 'firstToLast' } } : {}),
      skip: this.#skip(),
    };
  }

  #sequence(length: number, depth: number): Step<CaseEvent>[] {
    return Array.from({ length }, (_, index) => this.#step(index === 0 ? null : this.#link(), depth));
  }

  #link(): Link {
    return this.#dice.pick(this.#dice.chance(this.#negations) ? NEGATIVE : POSITIVE);
  }

  #step(link: Link | null, depth: number): Step<CaseEvent> {
    const dice = this.#dice;
    const isNegative = link !== null && NEGATIVE.includes(link);
    const gap = this.#hasGaps && dice.chance(0.4) ? { gapMs: dice.between(1, 6) } : {};
    if (!isNegative && this.#hasGroups && depth < (this.#isLarge ? 3 : 2) && dice.chance(0.35)) {
      const group = this.#sequence(dice.between(1, 3), depth + 1);
      return { link, group, ...this.#quantifier(undefined), ...gap };
    }
    const name = `${isNegative ? 'n' : ''}s${++this.#count}`;
    if (isNegative) return { link, name, ...this.#where(undefined), ...gap };
    const quantifier = this.#quantifier(name);
    const step: SingleStep<CaseEvent> = { link, name, ...this.#where(name), ...quantifier, ...gap };
    // The reference does not find names inside groups.
    if (depth === 0) this.#targets.push(name);
    this.#bound.push(name);
    return step;
  }

  /** @param own - name of a single step */
  #quantifier(own: string | undefined): { readonly quantifier?: Quantifier<CaseEvent> } {
    const dice = this.#dice;
    const taste = this.#taste;
    if (dice.chance(1 - taste.quantifier)) return {};
    if (dice.chance(0.2)) return { quantifier: { optional: true } };
    const min = dice.pick([0, 1, 1, 1, 2, 2, 3]);
    const isLoop = min > 0 && dice.chance(0.5);
    const inner = dice.pick(INNER);
    const max = isLoop ? null : Math.max(1, min + dice.between(0, 2));
    return {
      quantifier: {
        min,
        max,
        inner,
        ...(this.#hasGaps && dice.chance(0.4) ? { gapMs: dice.between(1, 6) } : {}),
        ...(min > 0 && dice.chance(taste.optional) ? { optional: true } : {}),
        ...(own !== undefined && inner !== 'any' && dice.chance(taste.greedy) ? { greedy: true } : {}),
        ...(isLoop && dice.chance(taste.until) ? { until: this.#until(own) } : {}),
      },
    };
  }

  #until(own: string | undefined): Predicate<CaseEvent> {
    const roll = this.#dice.next();
    if (roll < 0.35) return this.#priceAtLeast(TOP_PRICE - 1);
    return roll < 0.7 ? this.#named() : this.#running(own);
  }

  #where(own: string | undefined): { readonly where?: Predicate<CaseEvent> } {
    const dice = this.#dice;
    const roll = dice.next();
    if (roll < 0.03) return {};
    if (roll < 0.04) return { where: { true: true } };
    if (roll < 0.1) return { where: { not: this.#named() } };
    if (roll < 0.14) return { where: { and: [this.#named(), { isType: 'SubEvent' }] } };
    if (roll < 0.16) return { where: { and: [this.#named(), { cmp: [{ field: 'volume' }, '>', 2] }] } };
    if (roll < 0.18) return { where: { or: [this.#running(own), this.#named()] } };
    if (roll < 0.2) return { where: { and: [this.#named(), { not: this.#running(own) }] } };
    if (roll < 0.25) return { where: { and: [this.#named(), this.#priceAtLeast(2)] } };
    if (roll < 0.32) return { where: { or: [this.#named(), this.#named()] } };
    if (roll < 0.5) return { where: { and: [this.#named(), this.#running(own)] } };
    return { where: this.#named() };
  }

  #running(own: string | undefined): Predicate<CaseEvent> {
    const dice = this.#dice;
    const steps = [...this.#bound, ...(own === undefined ? [] : [own, own])];
    if (steps.length === 0) return this.#priceAtLeast(2);
    const of = dice.pick(steps);
    const price: Term = { field: 'price' };
    const kind = dice.between(1, 4);
    if (kind === 1) {
      const sum: Term = { agg: 'sum', of, field: 'price', plusCurrent: dice.chance(of === own ? 0.8 : 0.2) };
      return { cmp: [sum, dice.pick(['<', '<', '>=', '==']), dice.between(4, 10)] };
    }
    if (kind === 2) return { cmp: [{ agg: 'count', of }, dice.pick(['<', '>=', '==']), dice.between(1, 3)] };
    const agg = kind === 3 ? 'first' : 'last';
    const isNone: Predicate<CaseEvent> = { cmp: [{ agg: 'count', of }, '==', 0] };
    return { or: [isNone, { cmp: [price, dice.pick(['>', '<=', '==']), { agg, of, field: 'price' }] }] };
  }

  #named(): Predicate<CaseEvent> {
    const op = this.#dice.chance(0.94) ? '==' : this.#dice.pick(['contains', 'startsWith'] as const);
    return { cmp: [{ field: 'name' }, op, this.#dice.pick(this.#names)] };
  }

  #priceAtLeast(price: number): Predicate<CaseEvent> {
    return { cmp: [{ field: 'price' }, '>=', price] };
  }

  #skip(): Skip {
    const dice = this.#dice;
    if (dice.chance(1 - this.#taste.skip)) return { strategy: 'noSkip' };
    const named = this.#targets.length > 0 ? (['toFirst', 'toLast'] as const) : [];
    const strategy = dice.pick(['toNext', 'pastLast', ...named] as const);
    if (strategy === 'toNext' || strategy === 'pastLast') return { strategy };
    return { strategy, ref: dice.pick(this.#targets), ...(dice.chance(0.15) ? { errorOnMiss: true } : {}) };
  }
}

function stream(dice: Dice, { names: variety, advance }: Taste): Pick<Question, 'events' | 'input'> {
  const names = dice.chance(variety - 0.1) ? ['a', 'b', 'c', dice.pick(['d', 'd', 'ab'])] : ['a', 'b'];
  const events: Record<string, CaseEvent> = {};
  const input: CaseInput[] = [];
  const count = dice.between(4, dice.pick([12, 12, 12, 12, 12, 20, 32]));
  let ts = 0;
  for (let id = 1; id <= count; id++) {
    ts += dice.between(0, 2);
    const type = dice.chance(0.3) ? 'SubEvent' : 'Event';
    events[`e${id}`] = { type, id, name: dice.pick(names), price: dice.between(1, TOP_PRICE), ...volume(dice) };
    input.push({ ts, event: `e${id}` });
    if (dice.chance(0.04)) input.push({ ts, event: `e${dice.between(1, id)}` });
    if (dice.chance(advance)) input.push({ advanceTo: (ts += dice.between(0, 6)) });
  }
  if (dice.chance(0.5)) input.push({ advanceTo: ts + dice.between(1, 20) });
  return { events, input };
}

/** Few have one. */
function volume(dice: Dice): Pick<CaseEvent, 'volume'> {
  return dice.chance(0.3) ? { volume: dice.between(1, 5) } : {};
}
