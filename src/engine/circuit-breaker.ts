import { CircuitOpenError, ConfigError } from '../errors/errors.ts';
import { systemScheduler } from '../host/scheduler.ts';
import { Breaker, BREAKER_CALLS, DEFAULT_BREAKER, type BreakerState } from '../resilience/breaker.ts';
import { numberWithin, objectOfOptions } from '../errors/declared.ts';
import type { Clock } from '../time/clock.ts';
import { durationMs, type Duration } from '../time/duration.ts';

export interface CircuitBreakerOptions {
  /** For messages. Default `the target`. */
  readonly name?: string;
  /** Share of failed calls at which it opens, above 0, at most 1. Default 0.5. */
  readonly failureRatio?: number;
  /** Calls that must have ended before it may open, 1..64. Default 10. */
  readonly minCalls?: number;
  /** Calls that ended longer ago do not count. Default 10 s. */
  readonly window?: Duration;
  /** How long no call goes once it has opened; doubles with each probe that fails. Default 500 ms. */
  readonly openFor?: Duration;
  /** Most of that. Default 2 s. */
  readonly maxOpenFor?: Duration;
  /** Which errors count as failures of the target. Default: all. */
  readonly isFailure?: (error: unknown) => boolean;
  readonly onChange?: (state: BreakerState) => void;
  /** Default: the real one. */
  readonly clock?: Clock;
}

/**
 * Stops calling what fails anyway, and notices when it works again: the breaker of the engine's stages, for any async
 * function. Closed: calls go. Open: they are refused at once. Half-open: one call probes.
 *
 * @example
 * const breaker = new CircuitBreaker({ name: 'rates', failureRatio: 0.5, openFor: '1s' });
 * const rates = await breaker.call(() => fetchRates()); // CircuitOpenError while it is open
 */
export class CircuitBreaker {
  readonly #name: string;
  readonly #breaker: Breaker;
  readonly #clock: Clock;
  readonly #isFailure: (error: unknown) => boolean;

  /** @throws ConfigError when an option is wrong */
  constructor(options: CircuitBreakerOptions = {}) {
    objectOfOptions(options, 'CircuitBreaker');
    const {
      name = 'the target',
      failureRatio = DEFAULT_BREAKER.failureRatio,
      minCalls = DEFAULT_BREAKER.minCalls,
    } = options;
    const openMs = ms(options.openFor, DEFAULT_BREAKER.openMs, 'openFor');
    const settings = {
      failureRatio: numberWithin(failureRatio, 'circuitBreaker.failureRatio', [Number.MIN_VALUE, 1]),
      minCalls: numberWithin(minCalls, 'circuitBreaker.minCalls', [1, BREAKER_CALLS]),
      windowMs: ms(options.window, DEFAULT_BREAKER.windowMs, 'window'),
      openMs,
      maxOpenMs: ms(options.maxOpenFor, Math.max(openMs, DEFAULT_BREAKER.maxOpenMs), 'maxOpenFor'),
    };
    if (settings.maxOpenMs < openMs)
      throw new ConfigError('circuitBreaker.maxOpenFor', 'at least openFor', options.maxOpenFor);
    this.#name = name;
    this.#breaker = new Breaker(settings, options.onChange);
    this.#clock = options.clock ?? systemScheduler();
    this.#isFailure = options.isFailure ?? (() => true);
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** How often it has opened. */
  get opened(): number {
    return this.#breaker.opened;
  }

  /** @throws CircuitOpenError when the call was not made; else whatever `fn` throws */
  async call<R>(fn: () => R | Promise<R>): Promise<R> {
    const waitMs = this.#breaker.waitMs(this.#clock.now());
    if (waitMs > 0) throw new CircuitOpenError(this.#name, waitMs);
    this.#breaker.started();
    try {
      const result = await fn();
      this.#breaker.succeeded(this.#clock.now());
      return result;
    } catch (error) {
      if (this.#isFailure(error)) this.#breaker.failed(this.#clock.now());
      else this.#breaker.answered();
      throw error;
    }
  }
}

function ms(value: Duration | undefined, otherwise: number, name: string): number {
  return value === undefined ? otherwise : durationMs(value, `circuitBreaker.${name}`);
}
