import type { StateKey } from '../../state/key-index.ts';
import type { Bindings, MatchOutput } from '../matcher.ts';
import type { Entry, PatternCounts } from './entry.ts';

export interface PatternSetOutput<E> {
  /** @param count - matches that this stands for: 1, or where a pattern only counts, all; `bindings` is empty then */
  match(pattern: string, key: StateKey, bindings: Bindings<E>, startTs: number, endTs: number, count: number): void;
  timeout(pattern: string, key: StateKey, bindings: Bindings<E>, startTs: number, at: number): void;
  shed(pattern: string, key: StateKey, partials: number): void;
  /** User code threw, or a bound with the policy `error` was reached. The other patterns have seen the event. */
  failed(pattern: string | undefined, key: StateKey, event: E | undefined, cause: unknown): void;
}

/** What a partition says, with the name of its pattern and its key. */
export class Relay<E> implements MatchOutput<E> {
  readonly output: PatternSetOutput<E>;
  #name = '';
  #counts: PatternCounts | undefined;
  #key: StateKey;

  constructor(output: PatternSetOutput<E>) {
    this.output = output;
  }

  for({ name, counts }: Entry<E>, key: StateKey): this {
    this.#name = name;
    this.#counts = counts;
    this.#key = key;
    return this;
  }

  match(bindings: Bindings<E>, startTs: number, endTs: number, count: number): void {
    if (this.#counts !== undefined) this.#counts.hits += count;
    this.output.match(this.#name, this.#key, bindings, startTs, endTs, count);
  }

  timeout(bindings: Bindings<E>, startTs: number, at: number): void {
    if (this.#counts !== undefined) this.#counts.timeouts += 1;
    this.output.timeout(this.#name, this.#key, bindings, startTs, at);
  }

  shed(partials: number): void {
    if (this.#counts !== undefined) this.#counts.shed += partials;
    this.output.shed(this.#name, this.#key, partials);
  }
}
