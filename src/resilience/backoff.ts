import { ConnectorError } from '../errors/errors.ts';
import type { Random } from '../time/clock.ts';
import { statusOf } from './failure-kind.ts';

/** First wait after the target asked for less; doubles with each further one. */
const FIRST_BACKOFF_MS = 50;
/** The same after a failure: what fails now and then may be tried at once, and for a target that is away there is the gate. */
const FIRST_AFTER_FAILURE_MS = 5;
/** Longest wait, so that a target that is back is noticed within this time. */
const MAX_BACKOFF_MS = 5_000;

/** True for failures of which the connector itself says that the same call may succeed, or the other side that it was one too many. */
export function isRetryable(cause: unknown): boolean {
  return cause instanceof ConnectorError ? cause.retryable : isBackPressure(cause);
}

/** HTTP: too many requests. 503 may be about the one request. */
const TOO_MANY = 429;

/** True when the other side asked for less. */
export function isBackPressure(cause: unknown): boolean {
  return cause instanceof ConnectorError ? cause.backPressure : statusOf(cause) === TOO_MANY;
}

/** How long the other side asked to be left alone, ms; undefined where it did not say. */
export function retryAfterMsOf(cause: unknown): number | undefined {
  return cause instanceof ConnectorError ? cause.retryAfterMs : undefined;
}

/**
 * How long to wait before attempt `attempt` (1 = the first retry), ms: exponential with full jitter on
 * its upper half, or what the target asked for.
 */
export function backoffMs(attempt: number, cause: unknown, random: Random): number {
  const firstMs = isBackPressure(cause) ? FIRST_BACKOFF_MS : FIRST_AFTER_FAILURE_MS;
  const ceiling = Math.min(MAX_BACKOFF_MS, firstMs * 2 ** Math.min(attempt - 1, 16));
  return Math.max(retryAfterMsOf(cause) ?? 0, ceiling * (0.5 + random() / 2));
}
