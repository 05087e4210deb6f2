import { assert } from '../errors/errors.ts';

const NOBODY: readonly never[] = [];

/**
 * Where a batch came from, and the promise made to its source.
 *
 * Invariants
 * - One origin per source batch; it settles exactly once (origin.test.ts).
 * - Filtered, dropped by policy, dead-lettered and confirmed parts all `release`; a part that failed
 *   `reject`s, and an origin with a rejected part is never acknowledged.
 * - Whoever hands a part of the batch on to something that may outlive the call `retain`s first.
 */
export class Origin {
  readonly partition: string;
  /** Position after the last event of the batch, in the source's own unit (bytes, count, offset). */
  readonly endOffset: number;
  /** Events accepted with this batch: the weight of its latency. */
  readonly events: number;
  /** Monotonic ms at which the batch was accepted. */
  readonly acceptedAt: number;
  /** Holders of one reference each to other origins, which this one stands for: they are released with it. */
  readonly standsFor: readonly { readonly origin: Origin }[];
  readonly #settled: (origin: Origin, at: number | undefined) => void;
  #pending = 1;
  #rejection: { readonly cause: unknown } | undefined;

  /** One by one, not as an object: in a process with many flows its literal alone cost 0.5 us per batch (bench:engine, ii). */
  constructor(
    partition: string,
    endOffset: number,
    events: number,
    acceptedAt: number,
    settled: (origin: Origin, at: number | undefined) => void,
    standsFor: readonly { readonly origin: Origin }[] = NOBODY,
  ) {
    this.partition = partition;
    this.endOffset = endOffset;
    this.events = events;
    this.acceptedAt = acceptedAt;
    this.#settled = settled;
    this.standsFor = standsFor;
  }

  /** True once every part was released and none rejected. */
  get isConfirmed(): boolean {
    return this.#pending === 0 && this.#rejection === undefined;
  }

  /** What the first rejected part failed with. */
  get rejection(): { readonly cause: unknown } | undefined {
    return this.#rejection;
  }

  /** Whether whoever holds so many references holds all of it. */
  isHeldBy(references: number): boolean {
    return this.#pending === references;
  }

  retain(parts = 1): void {
    this.#pending += parts;
  }

  /** @param at - monotonic ms now, where it has just been read */
  release(parts = 1, at?: number): void {
    assert(this.#pending >= parts, 'an origin was released more often than it was retained');
    this.#pending -= parts;
    if (this.#pending === 0) this.#settled(this, at);
  }

  reject(cause: unknown): void {
    this.#rejection ??= { cause };
    this.release();
  }
}
