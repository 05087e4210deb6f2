/**
 * Patterns in a flow.
 *
 * Invariants (match.test.ts)
 * - Events are matched in the order of their times: an event waits until the watermark has reached it. What comes after the
 *   watermark has passed it is late: it is handed on by its own port and changes nothing.
 * - Results do not depend on how the input was cut into batches.
 * - Without event time, events are matched as they arrive, at the time of their arrival.
 */

import type { StateData, Stored } from '../../state/stored.ts';
import type { StateKey } from '../../state/key-index.ts';
import type { Bindings } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { MatcherWishes } from '../dag/choose.ts';
import { PatternSet, type Farewell, type PatternSetSnapshot, type PatternStatus } from '../network/pattern-set.ts';
import type { PatternSetOutput } from '../network/relay.ts';
import { CollectorOutput } from '../../operator/collector-output.ts';
import type { Key, OperatorEnvironment, TimeDomain } from '../../operator/operator.ts';
import { EventOrder, type WaitingEvent } from './event-order.ts';
import type { AnyPattern, LivePatterns, MatchOperator, MatchSetup, PatternCollector } from './live-patterns.ts';
import { fingerprint } from './fingerprint.ts';

const [MATCHES, TIMEOUTS, LATE, SHED] = [0, 1, 2, 3] as const;

/** What every output says about its pattern and key. */
interface Origin {
  readonly pattern: string;
  /** Undefined where the flow is not keyed. */
  readonly key: Key | undefined;
}

export interface MatchOutputEvent extends Origin {
  readonly events: unknown;
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

interface MatchData {
  readonly set: PatternSetSnapshot;
  readonly waiting: readonly WaitingEvent[];
  readonly late: number;
}

export const matchOperator: MatchOperator = (setup, environment) => new MatchCollector(setup, environment);

class MatchCollector implements PatternCollector, Stored, LivePatterns, PatternSetOutput<unknown> {
  readonly shape: string;
  readonly patterns: LivePatterns = this;
  readonly output: CollectorOutput = new CollectorOutput();
  readonly timeOf = (output: unknown): number => (output as MatchOutputEvent).end;
  readonly #time: TimeDomain;
  readonly #set: PatternSet<unknown>;
  readonly #wishes: MatcherWishes;
  readonly #declared: ReadonlyMap<string, AnyPattern>;
  readonly #named = new Map<string, AnyPattern>();
  readonly #order = new EventOrder();
  #late = 0;
  readonly #match = ({ event, key, keyId, timeMs }: WaitingEvent): void => this.#set.process(event, key, keyId, timeMs);

  constructor({ path, patterns, wishes, ...bounds }: MatchSetup, { time, clock }: OperatorEnvironment) {
    this.#time = time;
    this.#wishes = wishes;
    this.#set = new PatternSet(this, { ...bounds, path, clock });
    for (const [name, pattern] of patterns) this.add(name, pattern);
    this.#declared = patterns;
    const models = [...patterns].map(([name, { model }]) => [name, model]);
    this.shape = `patterns ${[...patterns.keys()].join(', ')} (${fingerprint(models)})`;
  }

  push(event: unknown, key: Key | undefined, keyId: number, timeMs: number): void {
    const { batchSize, batchTimeoutMs } = this.#set.bounds;
    if (this.#time.kind === 'processing' && batchTimeoutMs === 0) {
      this.#set.process(event, key, keyId, timeMs);
      this.#time.wakeAt(this.#set.nextMs);
      return;
    }
    if (timeMs < this.#time.watermark) {
      this.#late += 1;
      this.output.put(LATE, event);
      return;
    }
    this.#order.push({ event, key, keyId, timeMs });
    this.#time.wakeAt(Math.min(this.#order.firstMs + batchTimeoutMs, this.#set.nextMs));
    if (this.#order.size >= batchSize) this.#catchUp(this.#time.watermark);
  }

  advance(watermarkMs: number): void {
    this.#catchUp(watermarkMs);
    this.#time.wakeAt(Math.min(this.#order.firstMs + this.#set.bounds.batchTimeoutMs, this.#set.nextMs));
  }

  end(): void {
    this.#catchUp(Infinity);
  }

  counts(): Readonly<Record<string, number>> {
    const sums = { matches: 0, timeouts: 0, shed: 0 };
    for (const { hits, timeouts, shed } of this.#set.counts()) {
      sums.matches += hits;
      sums.timeouts += timeouts;
      sums.shed += shed;
    }
    return { ...sums, late: this.#late, keys: this.#set.keys };
  }

  list(): readonly PatternStatus[] {
    return this.#set.list();
  }

  add(name: string, pattern: AnyPattern): void {
    this.#set.add(name, pattern.model as PatternModel, this.#wishes);
    this.#named.set(name, pattern);
  }

  replace(name: string, pattern: AnyPattern, old?: Farewell): void {
    this.#set.replace(name, pattern.model as PatternModel, this.#wishes, old);
    this.#named.set(name, pattern);
  }

  remove(name: string, old?: Farewell): void {
    this.#set.remove(name, old);
  }

  /** Partial matches of patterns as they were declared: those of patterns changed since begin anew after a restart. */
  snapshot(): StateData {
    const { partitions, ...rest } = this.#set.snapshot();
    const declared = partitions.filter(({ pattern }) => this.#named.get(pattern) === this.#declared.get(pattern));
    const data: MatchData = {
      set: { ...rest, partitions: declared },
      waiting: this.#order.waiting(),
      late: this.#late,
    };
    return data;
  }

  restore(data: StateData): void {
    const { set, waiting, late } = data as MatchData;
    this.#set.restore(set);
    for (const one of waiting) this.#order.push({ ...one, keyId: -1 });
    this.#late = late;
    this.#time.wakeAt(Math.min(this.#order.firstMs, this.#set.nextMs));
  }

  match(name: string, key: StateKey, bindings: Bindings<unknown>, start: number, end: number, count: number): void {
    const pattern = this.#named.get(name);
    if (pattern === undefined) return;
    try {
      const value = pattern.project(bindings as Bindings<never>, count);
      this.output.put(MATCHES, { pattern: name, key, events: bindings, value, start, end, count });
    } catch (cause) {
      this.output.fail({ event: { pattern: name, key, events: bindings, start, end }, key, cause });
    }
  }

  timeout(pattern: string, key: StateKey, events: Bindings<unknown>, start: number, at: number): void {
    if (this.#wishes.timeouts === true) this.output.put(TIMEOUTS, { pattern, key, events, start, at });
  }

  shed(pattern: string, key: StateKey, partials: number): void {
    this.output.put(SHED, { pattern, key, partials });
  }

  failed(_pattern: string | undefined, key: StateKey, event: unknown, cause: unknown): void {
    this.output.fail({ event, key, cause });
  }

  /** Matches what the watermark has reached, then lets time pass. */
  #catchUp(watermarkMs: number): void {
    this.#order.take(watermarkMs, this.#match);
    this.#set.advance(watermarkMs);
  }
}
