import { ConfigError } from '../../errors/errors.ts';
import type { RunPatterns } from '../../flow/run.ts';
import type { AnyPattern, LivePatterns } from '../../pattern/match/live-patterns.ts';
import type { Farewell, PatternStatus } from '../../pattern/network/pattern-set.ts';

/** The patterns of all `match` operators of a run. */
export class LiveRunPatterns implements RunPatterns {
  readonly #flow: string;
  readonly #operators: () => ReadonlyMap<string, LivePatterns>;

  /** @param operators - those that run now, by name */
  constructor(flow: string, operators: () => ReadonlyMap<string, LivePatterns>) {
    this.#flow = flow;
    this.#operators = operators;
  }

  list(): readonly (PatternStatus & { readonly operator: string })[] {
    return [...this.#operators()].flatMap(([operator, live]) => live.list().map((status) => ({ operator, ...status })));
  }

  add(name: string, pattern: AnyPattern, operator?: string): void {
    this.#of(operator).add(name, pattern);
  }

  replace(
    name: string,
    pattern: AnyPattern,
    options: { readonly operator?: string; readonly old?: Farewell } = {},
  ): void {
    this.#of(options.operator ?? this.#holderOf(name)).replace(name, pattern, options.old);
  }

  remove(name: string, options: { readonly operator?: string; readonly old?: Farewell } = {}): void {
    this.#of(options.operator ?? this.#holderOf(name)).remove(name, options.old);
  }

  /** The operator with a pattern of that name, if there is exactly one. */
  #holderOf(name: string): string | undefined {
    const holders = this.list().filter((status) => status.name === name && !status.isDraining);
    return holders.length === 1 ? holders[0]?.operator : undefined;
  }

  #of(operator: string | undefined): LivePatterns {
    const operators = this.#operators();
    const [only] = operators.values();
    const found = operator === undefined && operators.size === 1 ? only : operators.get(operator ?? '');
    if (found === undefined) {
      const names = [...operators.keys()].join(', ') || 'none, or the flow has not started';
      throw new ConfigError(`flow.${this.#flow}.patterns`, `the name of a match operator (${names})`, operator);
    }
    return found;
  }
}
