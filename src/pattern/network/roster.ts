import { ConfigError } from '../../errors/errors.ts';
import { compileInto, type MatcherWishes } from '../dag/choose.ts';
import { DagPool } from '../dag/pool.ts';
import type { MatcherProgram } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { storeOf } from '../partition-store.ts';
import { type Entry, EntryColumns, type PatternCounts } from './entry.ts';
import { type PredicateHold, PredicateNetwork } from './predicate-network.ts';
import { Router } from './router.ts';

/** The patterns of a set, in their present versions and those of which something still goes on. */
export class Roster<E> {
  readonly network: PredicateNetwork = new PredicateNetwork();
  readonly columns: EntryColumns<E> = new EntryColumns();
  readonly #pool = new DagPool<E>();
  readonly #path: string;
  readonly #maxPatterns: number;
  /** By number. */
  readonly #entries: (Entry<E> | undefined)[] = [];
  readonly #current = new Map<string, Entry<E>>();
  #router: Router<E> | undefined;

  constructor(path: string, maxPatterns: number) {
    this.#path = path;
    this.#maxPatterns = maxPatterns;
  }

  add(name: string, model: PatternModel<E>, wishes: MatcherWishes): void {
    if (this.#current.has(name))
      throw new ConfigError(`${this.#path}.${name}`, 'a name that is free', name, 'Replace it.');
    if (this.#current.size >= this.#maxPatterns) {
      throw new ConfigError(`${this.#path}.maxConcurrentPatterns`, `at most ${this.#maxPatterns} patterns`, name);
    }
    this.#enter(name, model, wishes, { hits: 0, timeouts: 0, shed: 0, handled: 0, costMs: 0 });
  }

  /** @returns the version before, to which no event leads any more; to be sealed */
  replace(name: string, model: PatternModel<E>, wishes: MatcherWishes): Entry<E> {
    const before = this.#entryOf(name);
    this.#enter(name, model, wishes, before.counts);
    this.#retire(before);
    return before;
  }

  /** @returns the pattern, to which no event leads any more; to be sealed */
  remove(name: string): Entry<E> {
    const entry = this.#entryOf(name);
    this.#current.delete(name);
    this.#retire(entry);
    return entry;
  }

  /** To be called when nothing of a pattern lives: a version that begins nothing any more is over then. */
  forgetIfOver(id: number): void {
    const entry = this.#entries[id];
    if (entry?.isDraining !== true) return;
    this.countsOf(entry);
    this.#entries[id] = undefined;
    this.#router = undefined;
    entry.hold.release();
  }

  /** What a pattern has done so far. */
  countsOf({ id, counts }: Entry<E>): PatternCounts {
    const { handled } = this.columns;
    counts.handled += handled[id] as number;
    handled[id] = 0;
    return counts;
  }

  find(name: string): Entry<E> | undefined {
    return this.#current.get(name);
  }

  at(id: number): Entry<E> {
    return this.#entries[id] as Entry<E>;
  }

  /** Present versions. */
  current(): Entry<E>[] {
    return [...this.#current.values()];
  }

  all(): Entry<E>[] {
    return this.#entries.filter((entry) => entry !== undefined);
  }

  /** Which of them an event concerns. */
  router(): Router<E> {
    return (this.#router ??= new Router(this.network, this.all()));
  }

  #retire(entry: Entry<E>): void {
    entry.isDraining = true;
    this.#router = undefined;
  }

  #enter(name: string, model: PatternModel<E>, wishes: MatcherWishes, counts: PatternCounts): void {
    const hold = this.network.table<E>();
    const program = this.#compile(model, hold, wishes);
    const free = this.#entries.indexOf(undefined);
    const id = free < 0 ? this.#entries.length : free;
    const store = storeOf(program);
    const entry: Entry<E> = {
      name,
      id,
      model,
      program,
      store,
      hold,
      counts,
      isDraining: false,
      spare: -1,
    };
    this.#entries[id] = entry;
    this.columns.enter(id, program);
    this.#current.set(name, entry);
    this.#router = undefined;
  }

  #compile(model: PatternModel<E>, hold: PredicateHold<E>, wishes: MatcherWishes): MatcherProgram<E> {
    try {
      return compileInto(this.#pool, model, hold, wishes);
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  #entryOf(name: string): Entry<E> {
    const entry = this.#current.get(name);
    if (entry === undefined) throw new ConfigError(`${this.#path}.${name}`, 'a pattern of the set', name);
    return entry;
  }
}
