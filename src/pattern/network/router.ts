import type { Entry } from './entry.ts';
import { PredicateIndex } from './predicate-index.ts';
import type { PredicateNetwork } from './predicate-network.ts';

/** Found patterns up to which finding costs less than asking a key's few; bench:patterns, sparse against dense. */
const SELECTIVE = 16;
/** Events over which the number of found patterns is averaged. */
const AVERAGED = 64;
const REVIEW_EVERY = 64;

/** Which patterns an event concerns: by the predicates that hold for it. Made anew when the patterns change. */
export class Router<E> {
  /** Patterns that any event may begin. */
  readonly startedByAny: readonly Entry<E>[];
  /** Patterns to which every event of a live key matters. */
  readonly restless: readonly Entry<E>[];
  /** Patterns that await an event, on average. */
  #hits = 0;
  readonly #starts: Routes<E>;
  readonly #awaits: Routes<E>;

  constructor(network: PredicateNetwork, entries: readonly Entry<E>[]) {
    const beginning = entries.filter(({ isDraining }) => !isDraining);
    this.startedByAny = beginning.filter(({ program }) => program.starts === undefined);
    this.restless = entries.filter(({ program }) => program.awaits === undefined);
    this.#starts = new Routes(network, beginning, ({ program }) => program.starts);
    this.#awaits = new Routes(network, entries, ({ program }) => program.awaits);
  }

  /** Patterns that the event at hand may begin; one may come twice. @returns how many, in `found` */
  started(found: Entry<E>[]): number {
    return this.#starts.find(found);
  }

  /** Patterns that may await the event at hand; one may come twice. @returns how many, in `found` */
  awaited(found: Entry<E>[]): number {
    const count = this.#awaits.find(found);
    this.#hits += (count - this.#hits) / AVERAGED;
    return count;
  }

  /**
   * True when few patterns await an event: then it is cheaper to find these than to ask all that live for its key. Now and
   * then true without that, so that the average is of the present.
   */
  isSelective(turn: number): boolean {
    return this.#hits < SELECTIVE || turn % REVIEW_EVERY === 0;
  }
}

/** Predicate -> patterns. */
class Routes<E> {
  readonly #index: PredicateIndex;
  readonly #entries: (Entry<E>[] | undefined)[] = [];

  constructor(
    network: PredicateNetwork,
    entries: readonly Entry<E>[],
    predicatesOf: (entry: Entry<E>) => readonly number[] | undefined,
  ) {
    for (const entry of entries) {
      for (const predicate of predicatesOf(entry) ?? []) (this.#entries[predicate] ??= []).push(entry);
    }
    const routed = [...this.#entries.keys()].filter((predicate) => this.#entries[predicate] !== undefined);
    this.#index = new PredicateIndex(network, routed);
  }

  find(found: Entry<E>[]): number {
    const index = this.#index;
    index.find();
    let count = 0;
    for (let i = 0; i < index.count; i += 1) {
      for (const entry of this.#entries[index.found[i] as number] as Entry<E>[]) {
        found[count] = entry;
        count += 1;
      }
    }
    return count;
  }
}
