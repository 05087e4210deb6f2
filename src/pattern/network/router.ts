import type { Entry } from './entry.ts';
import { offsetsOf, PredicateIndex } from './predicate-index.ts';
import type { PredicateNetwork } from './predicate-network.ts';

/** Patterns found at an event up to which finding them costs less than asking a key's few; bench:patterns, sparse against dense. */
const SELECTIVE = 16;
/** Events over which the number of found patterns is averaged. */
const AVERAGED = 64;
const REVIEW_EVERY = 64;

/** Which patterns an event concerns: by the predicates that hold for it. Made anew when the patterns change. */
export class Router<E> {
  /** Patterns that any event may begin, by number. */
  readonly startedByAny: readonly number[];
  /** Patterns to which every event of a live key matters. */
  readonly restless: readonly number[];
  /** Patterns that an event may begin. */
  readonly starts: Routes;
  /** Patterns that an event may begin or continue, but for the restless ones. */
  readonly all: Routes;
  readonly #network: PredicateNetwork;
  /** By pattern: what it awaits, from one offset to the next. */
  readonly #awaitsFrom: Int32Array;
  readonly #awaited: Int32Array;
  readonly #isRestless: Uint8Array;
  /** Patterns found at an event, on average. */
  #hits = 0;

  /** @param cohorts - each stands for its members, to which no event leads */
  constructor(network: PredicateNetwork, patterns: readonly Entry<E>[], cohorts: readonly Entry<E>[]) {
    const members = new Set(cohorts.flatMap(({ cohort }) => cohort?.members.map(({ id }) => id) ?? []));
    const entries = [...patterns.filter(({ id }) => !members.has(id)), ...cohorts];
    const beginning = entries.filter(({ isDraining }) => !isDraining);
    const restless = entries.filter(({ program }) => program.awaits === undefined);
    this.startedByAny = beginning.filter(({ program }) => program.starts === undefined).map(({ id }) => id);
    this.restless = restless.map(({ id }) => id);
    const starts = beginning.flatMap(({ id, program }) => routesTo(program.starts, 2 * id + BEGINS));
    const awaits = entries.flatMap(({ id, program }) => routesTo(program.awaits, 2 * id));
    this.starts = new Routes(network, starts);
    this.all = new Routes(network, [...starts, ...awaits]);
    this.#network = network;
    const awaitsOf: (readonly number[])[] = Array.from(
      { length: 1 + [...patterns, ...cohorts].reduce((most, { id }) => Math.max(most, id), -1) },
      () => [],
    );
    for (const { id, program } of entries) awaitsOf[id] = program.awaits ?? program.starts ?? [];
    this.#awaitsFrom = offsetsOf(awaitsOf.map(({ length }) => length));
    this.#awaited = Int32Array.from(awaitsOf.flat());
    this.#isRestless = new Uint8Array(awaitsOf.length);
    for (const id of this.restless) this.#isRestless[id] = 1;
  }

  isRestless(id: number): boolean {
    return this.#isRestless[id] === 1;
  }

  /** Whether a predicate holds for the event at hand that may change what lives of a pattern, or begin more of it. */
  isAwaited(id: number): boolean {
    const [network, awaited] = [this.#network, this.#awaited];
    const end = this.#awaitsFrom[id + 1] as number;
    for (let at = this.#awaitsFrom[id] as number; at < end; at += 1)
      if (network.holds(awaited[at] as number)) return true;
    return false;
  }

  /**
   * True when an event concerns few patterns: then it is cheaper to find these than to ask all that live for its key. Now and
   * then true without that, so that the average is of the present.
   */
  isSelective(turn: number): boolean {
    return this.#hits < SELECTIVE || turn % REVIEW_EVERY === 0;
  }

  /** Takes note of how many patterns `all` has found. */
  note(count: number): void {
    this.#hits += (count - this.#hits) / AVERAGED;
  }
}

/** Added to twice the number of a pattern: the predicate may begin it. */
const BEGINS = 1;

/** A predicate, and where it leads to: twice the number of a pattern, plus BEGINS. */
type Route = readonly [predicate: number, to: number];

const routesTo = (predicates: readonly number[] | undefined, to: number): Route[] =>
  (predicates ?? []).map((predicate) => [predicate, to] as const);

/** Predicate -> patterns. */
class Routes {
  /** Where the event at hand leads to, up to what `find` answers; a pattern may come twice. */
  readonly found: Int32Array;
  readonly #index: PredicateIndex;
  /** By predicate: its first target; one more at the end. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;

  constructor(network: PredicateNetwork, routes: readonly Route[]) {
    const byPredicate: number[][] = [];
    for (const [predicate, to] of routes) (byPredicate[predicate] ??= []).push(to);
    const lists = Array.from(byPredicate, (list: readonly number[] | undefined) => list ?? []);
    this.#index = new PredicateIndex(network, new Set(routes.map(([predicate]) => predicate)));
    this.#from = offsetsOf(lists.map(({ length }) => length));
    this.#to = Int32Array.from(lists.flat());
    this.found = new Int32Array(this.#to.length);
  }

  /** @returns how many it found */
  find(): number {
    const index = this.#index;
    const [from, to, found] = [this.#from, this.#to, this.found];
    index.find();
    let count = 0;
    for (let i = 0; i < index.count; i += 1) {
      const predicate = index.found[i] as number;
      const end = from[predicate + 1] as number;
      for (let at = from[predicate] as number; at < end; at += 1) {
        found[count] = to[at] as number;
        count += 1;
      }
    }
    return count;
  }
}

/** The pattern that a route leads to. */
export const patternOf = (route: number): number => route >> 1;

export const isBeginning = (route: number): boolean => (route & BEGINS) === 1;
