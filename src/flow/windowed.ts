import { ConfigError } from '../errors/errors.ts';
import type { Aggregates } from '../operator/aggregate/aggregate.ts';
import type { Key, OperatorSpec } from '../operator/operator.ts';
import type { WindowSpec } from '../operator/window/window-spec.ts';
import {
  windowAggregate,
  windowCollect,
  type CollectOptions,
  type WindowEvents,
  type WindowResult,
} from '../operator/window/window.ts';
import type { OperatorOptions } from './stream-options.ts';
import type { Stream } from './stream.ts';

/** How a window adds itself to its flow. */
interface WindowPlace<E> {
  /** Adds the operator. @returns its outputs: results on port 0, late events on port 1 */
  readonly add: <R>(spec: OperatorSpec) => { readonly results: Stream<R>; readonly late: Stream<E> };
  readonly name: () => string;
  readonly path: string;
}

export interface WindowedOptions<E> extends CollectOptions {
  /** What happens to events that come too late for their window; left out, they are only counted. */
  readonly late?: (late: Stream<E>) => unknown;
}

/** A stream cut into windows: say what each window gives when it closes. */
export class Windowed<E, K extends Key | undefined> {
  readonly #place: WindowPlace<E>;
  readonly #spec: WindowSpec;
  readonly #options: WindowedOptions<E>;

  /** @internal Made by `stream.window`. */
  constructor(place: WindowPlace<E>, spec: WindowSpec, options: WindowedOptions<E>) {
    if (typeof (spec as Partial<WindowSpec> | undefined)?.kind !== 'string') {
      throw new ConfigError(place.path, 'tumbling(...), sliding(...), session(...) or global()', spec);
    }
    this.#place = place;
    this.#spec = spec;
    this.#options = options;
  }

  /**
   * One result per window and key: `{ key, start, end, revision, ...aggregates }`. It comes when the
   * window closes, and again with a higher revision for each event within the allowed lateness.
   */
  aggregate<A extends Aggregates<E>>(aggregates: A): Stream<WindowResult<K, A>> {
    return this.#add(windowAggregate(this.#place.name(), this.#spec, aggregates, this.#options));
  }

  /** Calls `fn` with all events of a window when it closes; its result goes on. */
  onWindowClose<R>(fn: (window: WindowEvents<K, E>) => R, options: OperatorOptions = {}): Stream<R> {
    return this.#add<WindowEvents<K, E>>(windowCollect(this.#place.name(), this.#spec, this.#options)).map(fn, options);
  }

  #add<R>(spec: OperatorSpec): Stream<R> {
    const { results, late } = this.#place.add<R>(spec);
    this.#options.late?.(late);
    return results;
  }
}
