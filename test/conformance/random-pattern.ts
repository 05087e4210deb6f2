/**
 * Random patterns and streams, from a seed: small enough that a brute-force search answers them, of every construct that
 * the asked-for subset has. The same seed gives the same case.
 */

import type { Link, PatternModel, Quantifier, SingleStep, Skip, Step } from '../../src/pattern/model/pattern.ts';
import type { Predicate } from '../../src/pattern/model/predicate.ts';
import type { CaseEvent, CaseInput } from './cases.ts';

/** What random patterns may contain. */
export interface Subset {
  readonly links: readonly Link[];
  readonly inner: readonly NonNullable<Quantifier['inner']>[];
  /** Loops, counts. */
  readonly quantifiers: boolean;
  readonly optional: boolean;
  readonly greedy: boolean;
  readonly until: boolean;
  readonly groups: boolean;
  readonly choices: boolean;
  readonly permutations: boolean;
  /** Conditions over earlier events of the match. */
  readonly iterative: boolean;
  readonly within: boolean;
  readonly skips: readonly Skip['strategy'][];
}

export const EVERYTHING: Subset = {
  links: ['next', 'followedBy', 'followedByAny', 'notNext', 'notFollowedBy'],
  inner: ['strict', 'relaxed', 'any'],
  quantifiers: true,
  optional: true,
  greedy: true,
  until: true,
  groups: true,
  choices: true,
  permutations: true,
  iterative: true,
  within: true,
  skips: ['noSkip', 'toNext', 'pastLast', 'toFirst', 'toLast'],
};

/** Conditions that look at one event, all matches: what both matchers can run. */
export const ONE_EVENT: Subset = { ...EVERYTHING, iterative: false, skips: ['noSkip'] };

export interface RandomCase {
  readonly pattern: PatternModel<CaseEvent>;
  readonly events: Readonly<Record<string, CaseEvent>>;
  readonly input: readonly CaseInput[];
}

/** @returns a pattern of 1 to 4 steps over events named a to d, and a stream of 4 to 9 events */
export function randomCase(seed: number, subset: Subset = EVERYTHING): RandomCase {
  const dice = new Dice(seed);
  const pattern = new Author(dice, subset).pattern();
  return { pattern, ...stream(dice) };
}

/** Mulberry32: a small generator whose numbers are the same everywhere. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}

const NAMES = ['a', 'b', 'c', 'd'];
const TOP_PRICE = 5;
const NEGATIONS: readonly (Link | null)[] = ['notNext', 'notFollowedBy'];

class Author {
  readonly #dice: Dice;
  readonly #subset: Subset;
  #names = 0;
  /** Steps that bind so far. */
  readonly #bound: string[] = [];

  constructor(dice: Dice, subset: Subset) {
    this.#dice = dice;
    this.#subset = subset;
  }

  pattern(): PatternModel<CaseEvent> {
    const { within } = this.#subset;
    const steps = this.#sequence(this.#dice.between(1, 4), 0);
    const endsInNegation = steps.at(-1)?.link === 'notFollowedBy';
    const hasWithin = within && (endsInNegation || this.#dice.chance(0.4));
    return {
      steps: endsInNegation && !hasWithin ? steps.slice(0, -1) : steps,
      ...(hasWithin ? { within: { ms: this.#dice.between(3, 9), scope: 'firstToLast' as const } } : {}),
      skip: this.#skip(),
    };
  }

  #sequence(length: number, depth: number): Step<CaseEvent>[] {
    const steps: Step<CaseEvent>[] = [];
    while (steps.length < length) steps.push(this.#step(steps.at(-1), depth));
    return steps;
  }

  #step(before: Step<CaseEvent> | undefined, depth: number): Step<CaseEvent> {
    const link = before === undefined ? null : this.#link(before);
    if (NEGATIONS.includes(link)) {
      return { link, name: `n${++this.#names}`, where: this.#where(undefined) };
    }
    const { groups, choices, permutations } = this.#subset;
    const isNested = depth < 2 && this.#dice.chance(0.2);
    const kind = this.#dice.pick(['group', 'choice', 'permutation']);
    if (isNested && kind === 'group' && groups) return this.#group(link, depth);
    if (isNested && kind === 'choice' && choices) return this.#choice(link, depth);
    if (isNested && kind === 'permutation' && permutations) return this.#permutation(link);
    return this.#single(link);
  }

  /** No negation after another one. */
  #link(before: Step<CaseEvent>): Link {
    const isPlain = !NEGATIONS.includes(before.link);
    return this.#dice.pick(this.#subset.links.filter((link) => isPlain || !NEGATIONS.includes(link)));
  }

  #single(link: Link | null): SingleStep<CaseEvent> {
    const name = `s${++this.#names}`;
    const quantifier = this.#quantifier(true);
    const where = this.#where(quantifier?.max === null || (quantifier?.max ?? 1) > 1 ? name : undefined);
    this.#bound.push(name);
    return { link, name, where, ...(quantifier === undefined ? {} : { quantifier }) };
  }

  #group(link: Link | null, depth: number): Step<CaseEvent> {
    const group = this.#sequence(this.#dice.between(1, 2), depth + 1).map(withoutEndlessEnd);
    const quantifier = this.#quantifier(false);
    const canLoop = !group.every(mayBeMissing);
    const isEndless = quantifier?.max === null;
    return { link, group, ...(quantifier === undefined || (isEndless && !canLoop) ? {} : { quantifier }) };
  }

  #choice(link: Link | null, depth: number): Step<CaseEvent> {
    const anyOf = [0, 1].map(() => {
      const known = this.#bound.length;
      const branch = this.#sequence(this.#dice.between(1, 2), depth + 1).map(withoutEndlessEnd);
      if (!headMayBeMissing(branch)) return branch;
      this.#bound.length = known;
      return [this.#plain(null)];
    });
    const quantifier = this.#quantifier(false);
    return { link, anyOf, ...(quantifier === undefined ? {} : { quantifier }) };
  }

  #permutation(link: Link | null): Step<CaseEvent> {
    const count = this.#dice.between(2, 3);
    const links = this.#subset.links.filter((one) => one !== 'notNext' && one !== 'notFollowedBy');
    const permute = Array.from({ length: count }, (_, index) =>
      this.#plain(index === 0 ? null : this.#dice.pick(links)),
    );
    return { link, permute };
  }

  #plain(link: Link | null): SingleStep<CaseEvent> {
    const name = `s${++this.#names}`;
    const where = this.#where(undefined);
    this.#bound.push(name);
    return { link, name, where };
  }

  #quantifier(isSingle: boolean): Quantifier<CaseEvent> | undefined {
    const dice = this.#dice;
    const { quantifiers, optional, greedy, until, inner } = this.#subset;
    const isOptional = optional && dice.chance(0.25);
    if (!quantifiers || dice.chance(0.5)) return isOptional ? { optional: true } : undefined;
    const min = dice.between(1, 2);
    const max = dice.chance(0.5) ? null : min + dice.between(0, 2);
    return {
      min,
      max,
      inner: dice.pick(inner),
      ...(isOptional ? { optional: true } : {}),
      ...(isSingle && greedy && dice.chance(0.2) ? { greedy: true } : {}),
      ...(until && max === null && dice.chance(0.2) ? { until: priceAtLeast(TOP_PRICE) } : {}),
    };
  }

  #where(loop: string | undefined): Predicate<CaseEvent> {
    const dice = this.#dice;
    const named = (name: string): Predicate<CaseEvent> => ({ cmp: [{ field: 'name' }, '==', name] });
    const name = named(dice.pick(NAMES));
    const roll = dice.next();
    if (this.#subset.iterative && roll < 0.2) {
      const of = loop ?? (this.#bound.length === 0 ? undefined : dice.pick(this.#bound));
      if (of !== undefined) return { and: [name, this.#running(of, of === loop)] };
    }
    if (roll < 0.4) return { and: [name, priceAtLeast(2)] };
    if (roll < 0.5) return { or: [name, named(dice.pick(NAMES))] };
    return name;
  }

  #running(of: string, isOwn: boolean): Predicate<CaseEvent> {
    const last = { agg: 'last' as const, of, field: 'price' };
    const isFirst: Predicate<CaseEvent> = { cmp: [{ agg: 'count', of }, '==', 0] };
    if (this.#dice.chance(0.5)) return { or: [isFirst, { cmp: [{ field: 'price' }, '>', last] }] };
    return { cmp: [{ agg: 'sum', of, field: 'price', plusCurrent: isOwn }, '<', 8] };
  }

  #skip(): Skip {
    const strategy = this.#dice.pick(this.#subset.skips);
    if (strategy !== 'toFirst' && strategy !== 'toLast') return { strategy };
    return { strategy, ref: this.#dice.pick(this.#bound) };
  }
}

function mayBeMissing(step: Step<CaseEvent>): boolean {
  if (NEGATIONS.includes(step.link) || step.quantifier?.optional === true) return true;
  return 'group' in step && step.group.every(mayBeMissing);
}

function headMayBeMissing([head]: readonly Step<CaseEvent>[]): boolean {
  if (head === undefined || head.quantifier?.optional === true) return true;
  return 'group' in head && headMayBeMissing(head.group);
}

/** A negation at the end of a group is one before what follows the group: not drawn. */
function withoutEndlessEnd(step: Step<CaseEvent>, index: number, steps: readonly Step<CaseEvent>[]): Step<CaseEvent> {
  return NEGATIONS.includes(step.link) && index === steps.length - 1 ? { ...step, link: 'followedBy' } : step;
}

function priceAtLeast(price: number): Predicate<CaseEvent> {
  return { cmp: [{ field: 'price' }, '>=', price] };
}

function stream(dice: Dice): Pick<RandomCase, 'events' | 'input'> {
  const events: Record<string, CaseEvent> = {};
  const input: CaseInput[] = [];
  let ts = 0;
  const count = dice.between(4, 9);
  for (let id = 1; id <= count; id++) {
    ts += dice.between(0, 2);
    events[`e${id}`] = { type: 'Event', id, name: dice.pick(NAMES), price: dice.between(1, TOP_PRICE) };
    input.push({ ts, event: `e${id}` });
  }
  input.push({ advanceTo: ts + 20 });
  return { events, input };
}
