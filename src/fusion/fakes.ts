/** Operators for the tests of this folder: small, deterministic, all over events `{ n, t }`. */

import type { Collector, Key, OperatorEnvironment, OperatorSpec, Step, TimeDomain } from '../operator/operator.ts';
import { CollectorOutput } from '../operator/collector-output.ts';
import { NOTHING } from '../operator/operator.ts';
import { compileSegment } from './compile.ts';
import type { SegmentTree } from './segment-tree.ts';
import type { Failure, Segment, SegmentOptions } from './segment.ts';

export interface Item {
  readonly n: number;
  readonly t: number;
  readonly key?: Key | undefined;
}

export type Throws = (item: Item) => boolean;

const never: Throws = () => false;

/** Sums `n` per key over tumbling windows of event or processing time; what comes too late leaves by port 1. */
export class TumblingSum implements Collector {
  readonly output: CollectorOutput = new CollectorOutput();
  readonly #time: TimeDomain;
  readonly #sizeMs: number;
  readonly #open = new Map<number, Map<Key | undefined, number>>();
  #lateCount = 0;

  constructor(time: TimeDomain, sizeMs: number) {
    this.#time = time;
    this.#sizeMs = sizeMs;
  }

  push(event: unknown, key: Key | undefined, _: number, timeMs: number): void {
    const endMs = (Math.floor(timeMs / this.#sizeMs) + 1) * this.#sizeMs;
    if (endMs <= this.#time.watermark) {
      this.#lateCount += 1;
      this.output.put(1, event);
      return;
    }
    const sums = this.#open.get(endMs) ?? new Map<Key | undefined, number>();
    this.#open.set(endMs, sums);
    sums.set(key, (sums.get(key) ?? 0) + (event as Item).n);
    this.#time.wakeAt(endMs);
  }

  advance(watermarkMs: number): void {
    for (const endMs of [...this.#open.keys()].sort((a, b) => a - b)) {
      if (endMs <= watermarkMs) this.#close(endMs);
      else this.#time.wakeAt(endMs);
    }
  }

  end(): void {
    for (const endMs of [...this.#open.keys()].sort((a, b) => a - b)) this.#close(endMs);
  }

  timeOf = (output: unknown): number => (output as Item).t;

  counts(): Record<string, number> {
    return { late: this.#lateCount };
  }

  #close(endMs: number): void {
    for (const [key, n] of this.#open.get(endMs) ?? []) this.output.put(0, { n, t: endMs - 1, key });
    this.#open.delete(endMs);
  }
}

/** Gives some events on at once, on either port, others when time has passed; may throw in any method. */
export class Echo implements Collector {
  readonly output: CollectorOutput = new CollectorOutput();
  readonly #time: TimeDomain;
  readonly #throws: Throws;
  readonly timeOf?: (output: unknown) => number;
  #held: Item[] = [];

  constructor(time: TimeDomain, throws: Throws, hasTime: boolean) {
    this.#time = time;
    this.#throws = throws;
    if (!hasTime) return;
    this.timeOf = (output) => {
      if (throws(output as Item)) throw new Error('echo has no time');
      return (output as Item).t;
    };
  }

  push(event: unknown, key: Key | undefined, keyId: number, timeMs: number): void {
    const { n } = event as Item;
    if (this.#throws(event as Item)) throw new Error(`echo ${n}`);
    const output = { n: n + 1, t: timeMs, key, keyId };
    if (n % 4 === 0) this.output.fail({ event: output, key, cause: new Error('echo could not emit') });
    if (n % 3 === 0) {
      this.output.put(n % 2 === 0 ? 0 : 1, output);
      return;
    }
    this.#held.push(output);
    // Due at once in event time; later in processing time, whose watermark follows no event.
    this.#time.wakeAt(timeMs + (n % 5) + (this.#time.kind === 'event' ? 0 : 1));
  }

  advance(watermarkMs: number): void {
    const due = this.#held.filter(({ t }) => t <= watermarkMs);
    this.#held = this.#held.filter(({ t }) => t > watermarkMs);
    for (const one of due) this.output.put(0, one);
    for (const { t } of this.#held) this.#time.wakeAt(t);
    if (due.some(({ n }) => n % 7 === 0)) throw new Error('echo in advance');
  }

  end(): void {
    for (const one of this.#held) this.output.put(0, one);
    this.#held = [];
    throw new Error('echo at the end');
  }

  counts(): Record<string, number> {
    return { held: this.#held.length };
  }
}

/** Adds up `n` per key and gives each odd sum, with all that it was told. */
export class Running implements Step {
  readonly #sums = new Map<Key | undefined, number>();
  readonly #time: TimeDomain;
  readonly #throws: Throws;

  constructor(time: TimeDomain, throws: Throws) {
    this.#time = time;
    this.#throws = throws;
  }

  push(event: unknown, key: Key | undefined, keyId: number, timeMs: number): unknown {
    const { n } = event as Item;
    if (this.#throws(event as Item)) throw new Error(`running ${n}`);
    const sum = (this.#sums.get(key) ?? 0) + n;
    this.#sums.set(key, sum);
    return sum % 2 === 0 ? NOTHING : { n: sum % 97, t: timeMs, key, keyId, watermark: this.#time.watermark };
  }
}

export function tumbling(name: string, sizeMs: number): OperatorSpec {
  const create = ({ time }: OperatorEnvironment): Collector => new TumblingSum(time, sizeMs);
  return { kind: 'collector', name, ports: ['out', 'late'], create };
}

export function echo(name: string, throws: Throws = never, hasTime = false): OperatorSpec {
  return { kind: 'collector', name, ports: ['out', 'other'], create: ({ time }) => new Echo(time, throws, hasTime) };
}

export function running(name: string, throws: Throws = never): OperatorSpec {
  return { kind: 'step', name, create: ({ time }) => new Running(time, throws) };
}

export function byTime(name: string, outOfOrderMs = 0, idleMs = 1000): OperatorSpec {
  return { kind: 'eventTime', name, fn: (item: Item) => item.t, outOfOrderMs, idleMs };
}

/** Operators one after the other; `end` follows the last. */
export function chain(operators: readonly OperatorSpec[], ...end: readonly SegmentTree[]): SegmentTree[] {
  let next: SegmentTree[] = [...end];
  for (const operator of operators.toReversed()) next = [{ operator, ports: [next] }];
  return next;
}

export const OPTIONS: SegmentOptions = {
  flow: 'test',
  clock: { now: () => 0, wall: () => 0 },
  random: () => 0.5,
  generateCode: true,
  timedEvery: 0,
  timedGapMs: 0,
};

export function compile(trees: readonly SegmentTree[], options: Partial<SegmentOptions> = {}, leaves = 4): Segment {
  return compileSegment(trees, leaves, { ...OPTIONS, ...options });
}

export function feed(segment: Segment, events: readonly unknown[], partition = 'p', wallMs = 0): void {
  segment.tick(wallMs);
  segment.process(events, 0, events.length, partition);
}

/** Failures as plain values that can be compared. */
export function plain(failures: readonly Failure[] | undefined): unknown[] {
  return (failures ?? []).map(({ operator, event, key, cause }) => ({ operator, event, key, cause: String(cause) }));
}
