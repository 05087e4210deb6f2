import { PatternSet } from 'daoflow/pattern';
import type { Tick, Workload } from './workload.ts';

/** A set of patterns that is fed its stream over and over, with time going on. */
export class Matcher {
  matches = 0;
  readonly set: PatternSet<Tick>;
  readonly #workload: Workload;
  #at = 0;

  constructor(workload: Workload) {
    this.#workload = workload;
    const failed = (_: unknown, __: unknown, ___: unknown, cause: unknown): never => {
      throw cause;
    };
    const match = (): void => void (this.matches += 1);
    this.set = new PatternSet<Tick>({ match, failed, timeout: () => undefined, shed: () => undefined });
    for (const [i, pattern] of workload.patterns.entries()) this.set.add(`p${i}`, pattern);
  }

  /** @returns `count` */
  feed(count: number): number {
    const { events, perMs, isKeyed } = this.#workload;
    const { set } = this;
    const end = this.#at + count;
    for (let at = this.#at; at < end; at += 1) {
      const event = events[at % events.length] as Tick;
      set.process(event, isKeyed ? event.key : undefined, -1, Math.floor(at / perMs));
    }
    this.#at = end;
    return count;
  }
}
