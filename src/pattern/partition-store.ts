import type {
  EventTruth,
  MatcherProgram,
  MatchOutput,
  PartitionSnapshot,
  PatternPartition,
  ShedOrder,
  Threshold,
} from './matcher.ts';
import type { Numbered, Numbering } from './numbered.ts';

/**
 * The partitions of one program by number: what `PatternPartition` says of one, for many. A program may keep its partitions
 * in columns, so that a key costs tens of bytes and none has to be made when a key comes.
 */
export interface PartitionStore<E> {
  /** Nothing waits for the deadline but memory: one that has been noted need not be made earlier. */
  readonly isPatient: boolean;
  /** Who numbers the partitions; other stores may have the same. */
  readonly numbering: Numbering;
  open(snapshot?: PartitionSnapshot): number;
  /** @returns nodes that were made for it, at most; 0 where there are none */
  close(partition: number): number;
  process(partition: number, event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void;
  advance(partition: number, ts: number, output: MatchOutput<E>): void;
  deadlineOf(partition: number): number;
  isIdle(partition: number): boolean;
  partialsOf(partition: number): number;
  thresholdOf?(partition: number): Threshold | undefined;
  shed(partition: number, count: number, order: ShedOrder, output: MatchOutput<E>): void;
  snapshot(partition: number): PartitionSnapshot;
}

/** Partitions that are objects, by number. */
export class PartitionObjects<E> implements PartitionStore<E> {
  readonly isPatient = false;
  readonly numbering: Numbered<PatternPartition<E>>;
  readonly #program: MatcherProgram<E>;

  constructor(program: MatcherProgram<E>, numbering: Numbered<PatternPartition<E>>) {
    this.#program = program;
    this.numbering = numbering;
  }

  open(snapshot?: PartitionSnapshot): number {
    return this.numbering.add(this.#program.partition(snapshot));
  }

  close(partition: number): number {
    this.#at(partition).release();
    this.numbering.remove(partition);
    return 0;
  }

  process(partition: number, event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void {
    this.#at(partition).process(event, ts, truth, output);
  }

  advance(partition: number, ts: number, output: MatchOutput<E>): void {
    this.#at(partition).advance(ts, output);
  }

  deadlineOf(partition: number): number {
    return this.#at(partition).deadline;
  }

  isIdle(partition: number): boolean {
    return this.#at(partition).isIdle;
  }

  partialsOf(partition: number): number {
    return this.#at(partition).partials;
  }

  thresholdOf(partition: number): Threshold | undefined {
    return this.#at(partition).threshold;
  }

  shed(partition: number, count: number, order: ShedOrder, output: MatchOutput<E>): void {
    this.#at(partition).shed(count, order, output);
  }

  snapshot(partition: number): PartitionSnapshot {
    return this.#at(partition).snapshot();
  }

  #at(partition: number): PatternPartition<E> {
    return this.numbering.at(partition);
  }
}

/** One partition of a store as an object. */
export class StoredPartition<E> implements PatternPartition<E> {
  readonly #store: PartitionStore<E>;
  readonly #partition: number;

  constructor(store: PartitionStore<E>, partition: number) {
    this.#store = store;
    this.#partition = partition;
  }

  get deadline(): number {
    return this.#store.deadlineOf(this.#partition);
  }

  get isIdle(): boolean {
    return this.#store.isIdle(this.#partition);
  }

  get partials(): number {
    return this.#store.partialsOf(this.#partition);
  }

  process(event: E, ts: number, truth: EventTruth, output: MatchOutput<E>): void {
    this.#store.process(this.#partition, event, ts, truth, output);
  }

  advance(ts: number, output: MatchOutput<E>): void {
    this.#store.advance(this.#partition, ts, output);
  }

  shed(count: number, order: ShedOrder, output: MatchOutput<E>): void {
    this.#store.shed(this.#partition, count, order, output);
  }

  snapshot(): PartitionSnapshot {
    return this.#store.snapshot(this.#partition);
  }

  release(): void {
    this.#store.close(this.#partition);
  }
}

/**
 * The partitions of any program by number.
 *
 * @param numbering - where the program keeps none itself: shared with the others of a set, so that a key finds its partitions in one place
 */
export function storeOf<E>(
  program: MatcherProgram<E> | (MatcherProgram<E> & PartitionStore<E>),
  numbering: Numbered<PatternPartition<E>>,
): PartitionStore<E> {
  return 'open' in program ? program : new PartitionObjects(program, numbering);
}
