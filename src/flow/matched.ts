import type { Key } from '../operator/operator.ts';
import type { PatternMatch, PatternShed, PatternTimeout } from '../pattern/match/match.ts';
import type { Stream } from './stream.ts';

/** What a pattern gives: matches, and what became of the rest. */
export class Matched<E, K extends Key | undefined, R, B> {
  readonly matches: Stream<PatternMatch<K, B, R>>;
  /** Events that came after event time had passed them; they were not matched. */
  readonly late: Stream<E>;
  /** Partial matches that bounds have cost; without a bound reached there are none. */
  readonly shed: Stream<PatternShed<K>>;
  readonly #port: <T>(port: number) => Stream<T>;
  readonly #wishes: { timeouts?: boolean };

  /** @internal Made by `stream.match`. */
  constructor(port: <T>(port: number) => Stream<T>, wishes: { timeouts?: boolean }) {
    this.#port = port;
    this.#wishes = wishes;
    this.matches = port(0);
    this.late = port(2);
    this.shed = port(3);
  }

  /** Partial matches that ran out of time. Asking for them is what makes them: they cost the DAG matcher where there is a `within`. */
  get timeouts(): Stream<PatternTimeout<K, E>> {
    this.#wishes.timeouts = true;
    return this.#port(1);
  }
}
