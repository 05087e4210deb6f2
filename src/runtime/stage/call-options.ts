import type { WriteOptions } from '../../event/sink.ts';

/**
 * What a call is given: a signal of its own, made when somebody asks for it. Aborted when the call is given up,
 * or when the run stops hard. Nothing listens to the run's signal: thousands of calls would hang on it.
 */
export class CallOptions implements WriteOptions {
  #controller: AbortController | undefined;
  #aborted: { readonly cause: unknown } | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.cause);
    }
    return this.#controller.signal;
  }

  abort(cause: unknown): void {
    this.#aborted = { cause };
    this.#controller?.abort(cause);
  }
}
