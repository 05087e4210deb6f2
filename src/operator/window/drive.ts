/**
 * A tiny segment for tests of this folder: one collector, an event-time watermark after each
 * event, `advance` as soon as a time asked for is reached, `take` after each batch.
 */

import type { EmitFailure } from '../collector-output.ts';
import type { Collector, Key, OperatorEnvironment, TimeDomain } from '../operator.ts';

export interface TimedEvent {
  readonly at: number;
  readonly key?: Key | undefined;
  readonly id?: number;
}

export class ManualTime implements TimeDomain {
  readonly kind: 'event' | 'processing';
  watermark: number = -Infinity;
  #next = Infinity;

  constructor(kind: 'event' | 'processing' = 'event') {
    this.kind = kind;
  }

  wakeAt(timeMs: number): void {
    if (timeMs < this.#next) this.#next = timeMs;
  }

  /** Moves the watermark on, never back, and wakes the collector as a segment does. */
  moveTo(watermarkMs: number, collector: Pick<Collector, 'advance'>): void {
    if (watermarkMs <= this.watermark) return;
    this.watermark = watermarkMs;
    while (this.#next <= watermarkMs) {
      this.#next = Infinity;
      collector.advance(watermarkMs);
    }
  }
}

export function environment(
  time: TimeDomain,
  options: { readonly generateCode?: boolean; readonly random?: () => number } = {},
): OperatorEnvironment {
  return {
    flow: 'test',
    name: 'operator',
    clock: { now: () => 0, wall: () => 0 },
    random: options.random ?? ((): number => 0.5),
    time,
    generateCode: options.generateCode ?? true,
    isKeyed: true,
  };
}

export interface Driven {
  readonly results: unknown[];
  readonly late: unknown[];
  readonly thrown: { readonly event: unknown; readonly error: unknown }[];
  readonly failures: EmitFailure[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface DriveOptions {
  readonly outOfOrderMs?: number;
  readonly generateCode?: boolean;
  readonly batch?: number;
  readonly end?: boolean;
}

export function drive(
  spec: { readonly create: (at: OperatorEnvironment) => Collector },
  events: readonly TimedEvent[],
  options: DriveOptions = {},
): Driven {
  const time = new ManualTime();
  const collector = spec.create(environment(time, { generateCode: options.generateCode ?? true }));
  const driven = { results: [] as unknown[], late: [] as unknown[], thrown: [] as Driven['thrown'] };
  const failures: EmitFailure[] = [];
  const take = (): void => {
    driven.results.push(...(collector.output.take(0) ?? []));
    driven.late.push(...(collector.output.take(1) ?? []));
    failures.push(...(collector.output.takeFailures() ?? []));
  };
  for (const [i, event] of events.entries()) {
    try {
      collector.push(event, event.key, event.id ?? -1, event.at);
    } catch (error) {
      driven.thrown.push({ event, error });
    }
    time.moveTo(event.at - (options.outOfOrderMs ?? 0), collector);
    if ((i + 1) % (options.batch ?? 1) === 0) take();
  }
  if (options.end ?? true) collector.end();
  take();
  return { ...driven, failures, counts: collector.counts() };
}
