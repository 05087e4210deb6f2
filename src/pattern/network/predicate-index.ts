/**
 * Finds, among many predicates, those that hold for an event without asking each: by the value of a field that they want equal,
 * below it by sorted thresholds, and only the rest one by one. Cost: the fields of the index, and what is found.
 */

import type { CanonicalPredicate } from './canonical.ts';
import type { PredicateNetwork } from './predicate-network.ts';

export class PredicateIndex {
  /** Predicates that hold, in `0..count`, each once. Valid until the next `find`. */
  readonly found: number[] = [];
  count = 0;
  readonly #network: PredicateNetwork;
  readonly #equal: { readonly field: number; readonly groups: Map<unknown, Group> }[] = [];
  readonly #rest: Group;
  /** By predicate: the `find` that has seen it last. */
  readonly #seenAt: number[] = [];
  #finds = 0;
  /** Some predicate can be found in more than one way. */
  #hasSeveralWays = false;

  constructor(network: PredicateNetwork, predicates: Iterable<number>) {
    this.#network = network;
    this.#rest = new Group();
    for (const predicate of new Set(predicates)) this.#add(predicate);
    this.#rest.seal();
    for (const { groups } of this.#equal) for (const group of groups.values()) group.seal();
  }

  /** Looks for all predicates that hold for the event that the network is turned to. */
  find(): void {
    this.count = 0;
    this.#finds += 1;
    const network = this.#network;
    for (const { field, groups } of this.#equal) {
      const group = groups.get(network.value(field));
      if (group !== undefined) this.#collect(group);
    }
    this.#collect(this.#rest);
  }

  #add(predicate: number): void {
    const ways = waysTo(this.#network.predicateOf(predicate));
    if (ways.length > 1) this.#hasSeveralWays = true;
    for (const way of ways) this.#groupOf(way).add(predicate, way, this.#network);
  }

  #groupOf({ equal }: Way): Group {
    if (equal === undefined) return this.#rest;
    const field = this.#network.fieldId(equal.field);
    let entry = this.#equal.find((one) => one.field === field);
    if (entry === undefined) {
      entry = { field, groups: new Map() };
      this.#equal.push(entry);
    }
    let group = entry.groups.get(equal.literal);
    if (group === undefined) {
      group = new Group();
      entry.groups.set(equal.literal, group);
    }
    return group;
  }

  #collect(group: Group): void {
    const network = this.#network;
    for (const predicate of group.certain) this.#take(predicate);
    for (const predicate of group.unsure) if (network.holds(predicate)) this.#take(predicate);
    for (const range of group.ranges) {
      const value = network.value(range.field);
      if (typeof value !== 'number') continue;
      const { bounds, predicates, isCertain, isBelow, isStrict } = range;
      for (let i = 0; i < bounds.length; i += 1) {
        const bound = bounds[i] as number;
        const isInside = isBelow ? bound <= value : bound >= value;
        if (!isInside) break;
        if (isStrict[i] === true && bound === value) continue;
        const predicate = predicates[i] as number;
        if (isCertain[i] === true || network.holds(predicate)) this.#take(predicate);
      }
    }
  }

  #take(predicate: number): void {
    if (this.#hasSeveralWays) {
      if (this.#seenAt[predicate] === this.#finds) return;
      this.#seenAt[predicate] = this.#finds;
    }
    this.found[this.count] = predicate;
    this.count += 1;
  }
}

type Compare = Extract<CanonicalPredicate, { kind: 'compare' }>;

/** One way to find a predicate: what must be equal, what must be beyond a bound, and whether that is all it asks. */
interface Way {
  readonly equal?: Compare;
  readonly range?: Compare;
  readonly isComplete: boolean;
}

/** A disjunction is found through each of its parts, if each has a way; else it is asked at every event. */
function waysTo(predicate: CanonicalPredicate): readonly Way[] {
  if (predicate.kind === 'or') {
    const ways = predicate.operands.flatMap(waysTo);
    return ways.every((way) => way.equal !== undefined || way.range !== undefined) ? ways : [{ isComplete: false }];
  }
  const parts = predicate.kind === 'and' ? predicate.operands : [predicate];
  const equal = parts.find((part): part is Compare => part.kind === 'compare' && part.op === '==');
  const range = parts.find((part): part is Compare => isRange(part));
  const used = Number(equal !== undefined) + Number(range !== undefined);
  return [
    {
      ...(equal && { equal }),
      ...(range && { range }),
      isComplete: used === parts.length || predicate.kind === 'true',
    },
  ];
}

function isRange(part: CanonicalPredicate): boolean {
  return part.kind === 'compare' && ['<', '<=', '>', '>='].includes(part.op) && typeof part.literal === 'number';
}

/** Thresholds on one field from one side, nearest to the values that pass all first. */
interface Range {
  readonly field: number;
  /** True for lower bounds: they hold for what is above. */
  readonly isBelow: boolean;
  readonly bounds: number[];
  readonly isStrict: boolean[];
  readonly isCertain: boolean[];
  readonly predicates: number[];
}

interface Bound {
  readonly bound: number;
  readonly isStrict: boolean;
  readonly isCertain: boolean;
  readonly predicate: number;
}

/** Predicates with one value of one field in common (or none). */
class Group {
  /** Hold for every event of the group. */
  readonly certain: number[] = [];
  /** Are asked for every event of the group. */
  readonly unsure: number[] = [];
  ranges: readonly Range[] = [];
  readonly #bounds = new Map<string, { field: number; isBelow: boolean; entries: Bound[] }>();

  add(predicate: number, { range, isComplete }: Way, network: PredicateNetwork): void {
    if (range === undefined) {
      (isComplete ? this.certain : this.unsure).push(predicate);
      return;
    }
    const isBelow = range.op.startsWith('>');
    const field = network.fieldId(range.field);
    const key = `${isBelow ? '>' : '<'}${field}`;
    const side = this.#bounds.get(key) ?? { field, isBelow, entries: [] };
    this.#bounds.set(key, side);
    const isStrict = range.op.length === 1;
    side.entries.push({ bound: range.literal as number, isStrict, isCertain: isComplete, predicate });
  }

  /** Everything is added: sorts the thresholds. */
  seal(): void {
    this.ranges = [...this.#bounds.values()].map(({ field, isBelow, entries }) => {
      const sorted = entries.sort((a, b) => (isBelow ? a.bound - b.bound : b.bound - a.bound));
      return {
        field,
        isBelow,
        bounds: sorted.map(({ bound }) => bound),
        isStrict: sorted.map(({ isStrict }) => isStrict),
        isCertain: sorted.map(({ isCertain }) => isCertain),
        predicates: sorted.map(({ predicate }) => predicate),
      };
    });
    this.#bounds.clear();
  }
}
