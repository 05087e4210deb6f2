import type { StateKey } from '../state/key-index.ts';

/** User code threw while a result was made, so no single event is to blame. */
export interface EmitFailure {
  /** What was to be emitted: for a window `{ key?, start, end, revision }`. */
  readonly event: unknown;
  readonly key: StateKey;
  readonly cause: unknown;
}

/**
 * What a collector has to hand on: outputs by port, and results that user code made impossible.
 * Everything is given once. O(1) a call; empty, it keeps nothing.
 */
export class CollectorOutput {
  readonly #ports: (unknown[] | undefined)[] = [];
  #failures: EmitFailure[] | undefined;
  /** Ports that have outputs, and one more where there are failures. */
  #waiting = 0;

  /** False where `take` or `takeFailures` has something to give. */
  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  put(port: number, output: unknown): void {
    const outputs = this.#ports[port];
    if (outputs !== undefined) {
      outputs.push(output);
      return;
    }
    this.#ports[port] = [output];
    this.#waiting += 1;
  }

  fail(failure: EmitFailure): void {
    if (this.#failures === undefined) this.#waiting += 1;
    (this.#failures ??= []).push(failure);
  }

  /** Outputs since the last `take` on that port, in order; undefined when there are none. */
  take(port: number): unknown[] | undefined {
    const outputs = this.#ports[port];
    if (outputs === undefined) return undefined;
    this.#ports[port] = undefined;
    this.#waiting -= 1;
    return outputs;
  }

  /** Failures since the last call; undefined when there are none. */
  takeFailures(): EmitFailure[] | undefined {
    const failures = this.#failures;
    if (failures === undefined) return undefined;
    this.#failures = undefined;
    this.#waiting -= 1;
    return failures;
  }
}
