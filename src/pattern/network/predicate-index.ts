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
  /** For each field that some predicate wants equal: the number of the group by value. */
  readonly #equal: readonly (readonly [field: number, groups: ReadonlyMap<unknown, number>])[];
  readonly #groups: GroupColumns;
  /** By predicate: the `find` that has seen it last. */
  readonly #seenAt: number[] = [];
  #finds = 0;
  /** Some predicate can be found in more than one way. */
  readonly #hasSeveralWays: boolean;

  constructor(network: PredicateNetwork, predicates: Iterable<number>) {
    this.#network = network;
    const groups: Group[] = [new Map<number, Entry[]>()];
    const equal = new Map<number, Map<unknown, number>>();
    let hasSeveralWays = false;
    for (const predicate of new Set(predicates)) {
      const ways = waysTo(network.predicateOf(predicate));
      if (ways.length > 1) hasSeveralWays = true;
      for (const way of ways) {
        const group = way.equal === undefined ? REST : groupOf(network.fieldId(way.equal.field), way.equal.literal);
        addTo(groups[group] as Group, predicate, way, network);
      }
    }
    this.#hasSeveralWays = hasSeveralWays;
    this.#equal = [...equal];
    this.#groups = columnsOf(groups);

    function groupOf(field: number, literal: unknown): number {
      const byValue = equal.get(field) ?? new Map<unknown, number>();
      equal.set(field, byValue);
      const group = byValue.get(literal) ?? groups.push(new Map<number, Entry[]>()) - 1;
      byValue.set(literal, group);
      return group;
    }
  }

  /** Looks for all predicates that hold for the event that the network is turned to. */
  find(): void {
    this.count = 0;
    this.#finds += 1;
    const network = this.#network;
    for (const [field, groups] of this.#equal) {
      const group = groups.get(network.value(field));
      if (group !== undefined) this.#collect(group);
    }
    this.#collect(REST);
  }

  #collect(group: number): void {
    const network = this.#network;
    const { listsFrom, field, entriesFrom, bound, isStrict, isCertain, predicate } = this.#groups;
    const end = listsFrom[group + 1] as number;
    for (let list = listsFrom[group] as number; list < end; list += 1) {
      const of = field[list] as number;
      const value = of === NO_FIELD ? 0 : network.value(of >> 1);
      if (typeof value !== 'number') continue;
      const isBelow = (of & 1) === 1;
      const last = entriesFrom[list + 1] as number;
      for (let at = entriesFrom[list] as number; at < last; at += 1) {
        const limit = bound[at] as number;
        const isInside = isBelow ? limit <= value : limit >= value;
        if (!isInside) break;
        if (isStrict[at] === 1 && limit === value) continue;
        const one = predicate[at] as number;
        if (isCertain[at] === 1 || network.holds(one)) this.#take(one);
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

/** The group of what wants no field equal. */
const REST = 0;

/**
 * All groups in columns: each has some lists, each list some predicates with thresholds on one field from one side, those that
 * pass most first. Objects of their own would be looked up one after the other, mostly in vain (bench:patterns, sparse).
 */
interface GroupColumns {
  /** By group: its first list; one more at the end. */
  readonly listsFrom: Int32Array;
  /** By list: twice the number of the field, plus 1 for lower bounds; NO_FIELD where nothing is bounded. */
  readonly field: Int32Array;
  /** By list: its first entry; one more at the end. */
  readonly entriesFrom: Int32Array;
  readonly bound: Float64Array;
  readonly isStrict: Uint8Array;
  /** 1: that is all that the predicate asks. */
  readonly isCertain: Uint8Array;
  readonly predicate: Int32Array;
}

const NO_FIELD = -1;

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

interface Entry {
  readonly predicate: number;
  readonly bound: number;
  readonly isStrict: boolean;
  readonly isCertain: boolean;
}

/** Predicates with one value of one field in common (or none), by the field and side of their thresholds. */
type Group = Map<number, Entry[]>;

function addTo(group: Group, predicate: number, { range, isComplete }: Way, network: PredicateNetwork): void {
  const isBelow = range?.op.startsWith('>') === true;
  const field = range === undefined ? NO_FIELD : 2 * network.fieldId(range.field) + Number(isBelow);
  const entries = group.get(field) ?? [];
  group.set(field, entries);
  entries.push({
    predicate,
    bound: range === undefined ? 0 : (range.literal as number),
    isStrict: range?.op.length === 1,
    isCertain: isComplete,
  });
}

function columnsOf(groups: readonly Group[]): GroupColumns {
  const lists = groups.flatMap((group) => [...group]);
  for (const [field, entries] of lists) {
    const direction = field % 2 === 1 ? 1 : -1;
    if (field !== NO_FIELD) entries.sort((a, b) => direction * (a.bound - b.bound));
  }
  const entries = lists.flatMap(([, of]) => of);
  return {
    listsFrom: offsetsOf(groups.map(({ size }) => size)),
    field: Int32Array.from(lists, ([field]) => field),
    entriesFrom: offsetsOf(lists.map(([, { length }]) => length)),
    bound: Float64Array.from(entries, ({ bound }) => bound),
    isStrict: Uint8Array.from(entries, ({ isStrict }) => Number(isStrict)),
    isCertain: Uint8Array.from(entries, ({ isCertain }) => Number(isCertain)),
    predicate: Int32Array.from(entries, ({ predicate }) => predicate),
  };
}

/** Where each of many lists begins that stand one after the other; the end of the last one is the last. */
export function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) offsets[i + 1] = (offsets[i] as number) + length;
  return offsets;
}
