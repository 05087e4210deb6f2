import type {
  EventTruth,
  MatcherProgram,
  MatchOutput,
  PartitionSnapshot,
  PatternPartition,
  ShedOrder,
  Threshold,
} from './matcher.ts';

/**
 * The partitions of one program by number: what `PatternPartition` says of one, for many. A program may keep its partitions
 * in columns, so that a key costs tens of bytes and none has to be made when a key comes.
 */
export interface PartitionStore<E> {
  /** Nothing waits for the deadline but memory: one that has been noted need not be made earlier. */
  readonly isPatient: boolean;
  open(snapshot?: PartitionSnapshot): number;
  close(partition: number): void;
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
  readonly #program: MatcherProgram<E>;
  readonly #partitions: (PatternPartition<E> | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(program: MatcherProgram<E>) {
    this.#program = program;
  }

  open(snapshot?: PartitionSnapshot): number {
    const partition = this.#free.pop() ?? this.#partitions.length;
    this.#partitions[partition] = this.#program.partition(snapshot);
    return partition;
  }

  close(partition: number): void {
    this.#at(partition).release();
    this.#partitions[partition] = undefined;
    this.#free.push(partition);
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
    return this.#partitions[partition] as PatternPartition<E>;
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

/** The partitions of any program by number. */
export function storeOf<E>(program: MatcherProgram<E> | (MatcherProgram<E> & PartitionStore<E>)): PartitionStore<E> {
  return 'open' in program ? program : new PartitionObjects(program);
}
