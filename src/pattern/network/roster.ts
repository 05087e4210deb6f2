import { ConfigError } from '../../errors/errors.ts';
import { compileInto, type MatcherWishes, programPool } from '../dag/choose.ts';
import type { MatcherProgram, PatternPartition } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import { Numbered, type Numbering } from '../numbered.ts';
import { storeOf } from '../partition-store.ts';
import type { Bounds } from './bounds.ts';
import { Cohort, type CohortHost } from './cohort.ts';
import { cohortsOf } from './cohort-choice.ts';
import { type Entry, EntryColumns, type PatternCounts } from './entry.ts';
import { type PredicateHold, PredicateNetwork } from './predicate-network.ts';
import { Router } from './router.ts';

/** The patterns of a set, in their present versions and those of which something still goes on. */
export class Roster<E> {
  readonly network: PredicateNetwork = new PredicateNetwork();
  readonly columns: EntryColumns<E> = new EntryColumns();
  readonly #pool = programPool<E>();
  /** Partitions that are objects, of all patterns. */
  readonly #partitions = new Numbered<PatternPartition<E>>();
  readonly #path: string;
  readonly #maxPatterns: number;
  /** By number. */
  readonly #entries: (Entry<E> | undefined)[] = [];
  readonly #current = new Map<string, Entry<E>>();
  /** Those that stand for patterns told late; undefined: not yet chosen, after a change. */
  #cohorts: readonly Entry<E>[] | undefined;
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
    this.#enter(name, model, wishes, newCounts());
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
    return this.#entries.filter((entry) => entry !== undefined && entry.cohort === undefined) as Entry<E>[];
  }

  get size(): number {
    return this.#current.size;
  }

  get cohorts(): readonly Entry<E>[] | undefined {
    return this.#cohorts;
  }

  /** Chooses which patterns are told late. */
  formCohorts(bounds: Bounds, host: CohortHost<E>): readonly Entry<E>[] {
    this.#router = undefined;
    const candidates = this.all().flatMap(({ id, isDraining }) => {
      const program = this.columns.dag[id];
      return program === undefined || isDraining ? [] : [{ id, program }];
    });
    this.#cohorts = cohortsOf(candidates, bounds).map((members) => {
      const cohort = new Cohort(this.network, members, host);
      return this.#place({ name: '', program: cohort, hold: this.network.table<E>(), counts: newCounts(), cohort });
    });
    return this.#cohorts;
  }

  /**
   * No pattern is told late any more. Nothing may live of what stands for them.
   *
   * @param isForGood - until the patterns change
   */
  dissolveCohorts(isForGood: boolean): void {
    for (const { id } of this.#cohorts ?? []) this.#entries[id] = undefined;
    this.#cohorts = isForGood ? [] : undefined;
    this.#router = undefined;
  }

  /**
   * Gives back what partitions that are closed have held.
   *
   * @returns by number of a pattern, where its partitions are now; undefined: where they were
   */
  compactPartitions(): readonly (Int32Array | undefined)[] {
    const stores = this.#entries.map((entry) => entry?.store.numbering);
    const moves = new Map<Numbering | undefined, Int32Array | undefined>();
    for (const numbering of [...this.#pool.dag.spaces, ...stores])
      if (!moves.has(numbering)) moves.set(numbering, numbering?.compact());
    for (const entry of this.#entries) {
      const moved = moves.get(entry?.store.numbering);
      if (entry !== undefined && entry.spare >= 0 && moved !== undefined) entry.spare = moved[entry.spare] as number;
    }
    return stores.map((numbering) => moves.get(numbering));
  }

  /** Which of them an event concerns. */
  router(): Router<E> {
    return (this.#router ??= new Router(this.network, this.all(), this.#cohorts ?? []));
  }

  #retire(entry: Entry<E>): void {
    entry.isDraining = true;
    this.#router = undefined;
  }

  #enter(name: string, model: PatternModel<E>, wishes: MatcherWishes, counts: PatternCounts): void {
    const hold = this.network.table<E>();
    const program = this.#compile(model, hold, wishes);
    this.#current.set(name, this.#place({ name, program, hold, counts, cohort: undefined }));
    this.#router = undefined;
  }

  /** Under a number that is free. */
  #place({ name, program, hold, counts, cohort }: Declared<E>): Entry<E> {
    const free = this.#entries.indexOf(undefined);
    const id = free < 0 ? this.#entries.length : free;
    const store = storeOf(program, this.#partitions);
    const entry: Entry<E> = { name, id, program, store, hold, counts, cohort, isDraining: false, spare: -1 };
    this.#entries[id] = entry;
    this.columns.enter(id, program);
    return entry;
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

type Declared<E> = Pick<Entry<E>, 'name' | 'program' | 'hold' | 'counts' | 'cohort'>;

const newCounts = (): PatternCounts => ({ hits: 0, timeouts: 0, shed: 0, handled: 0, costMs: 0 });
