/** Terminals and a minimal tumbling window, shared by all variants. */

import { CollectorOutput } from '../../../src/operator/collector-output.ts';
import type { Collector, Key, OperatorEnvironment, Step } from '../../../src/operator/operator.ts';
import { NOTHING } from '../../../src/operator/operator.ts';
import { KEYS, WINDOW_MS } from './load.ts';

export class Count implements Step {
  count = 0;
  push(): unknown {
    this.count += 1;
    return NOTHING;
  }
}

export class Sums {
  total = 0;
  windows = 0;
  closed(sum: number): void {
    this.total += sum;
    this.windows += 1;
  }
}

export class MapWindow implements Collector {
  readonly output: CollectorOutput = new CollectorOutput();
  readonly #sums: Sums;
  readonly #environment: OperatorEnvironment;
  #open = new Map<Key, number>();
  #endMs = -Infinity;

  constructor(sums: Sums, environment: OperatorEnvironment) {
    this.#sums = sums;
    this.#environment = environment;
  }

  push(event: unknown, key: Key | undefined, _: number, timeMs: number): void {
    if (this.#endMs === -Infinity) this.#begin(timeMs);
    const at = key ?? '';
    const { value } = event as { value: number };
    const sum = this.#open.get(at);
    this.#open.set(at, sum === undefined ? value : sum + value);
  }

  advance(watermarkMs: number): void {
    this.end();
    this.#begin(watermarkMs);
  }

  end(): void {
    for (const sum of this.#open.values()) this.#sums.closed(sum);
    this.#open = new Map();
  }

  counts(): Record<string, number> {
    return {};
  }

  #begin(timeMs: number): void {
    this.#endMs = (Math.floor(timeMs / WINDOW_MS) + 1) * WINDOW_MS;
    this.#environment.time.wakeAt(this.#endMs);
  }
}

export class DenseWindow implements Collector {
  readonly output: CollectorOutput = new CollectorOutput();
  readonly #sums: Sums;
  readonly #environment: OperatorEnvironment;
  readonly #values = new Float64Array(KEYS);
  readonly #isOpen = new Uint8Array(KEYS);
  #endMs = -Infinity;

  constructor(sums: Sums, environment: OperatorEnvironment) {
    this.#sums = sums;
    this.#environment = environment;
  }

  push(event: unknown, _: Key | undefined, keyId: number, timeMs: number): void {
    if (this.#endMs === -Infinity) this.#begin(timeMs);
    if (keyId < 0) throw new Error('every key has an id here');
    this.#values[keyId] = (this.#values[keyId] as number) + (event as { value: number }).value;
    this.#isOpen[keyId] = 1;
  }

  advance(watermarkMs: number): void {
    this.end();
    this.#begin(watermarkMs);
  }

  end(): void {
    for (let id = 0; id < KEYS; id++) if (this.#isOpen[id] === 1) this.#sums.closed(this.#values[id] ?? 0);
    this.#values.fill(0);
    this.#isOpen.fill(0);
  }

  counts(): Record<string, number> {
    return {};
  }

  #begin(timeMs: number): void {
    this.#endMs = (Math.floor(timeMs / WINDOW_MS) + 1) * WINDOW_MS;
    this.#environment.time.wakeAt(this.#endMs);
  }
}
