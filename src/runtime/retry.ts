import { ConnectorError } from '../errors/errors.ts';
import type { Random } from '../time/clock.ts';

/** First wait after a retryable failure; doubles with each further one. */
const FIRST_BACKOFF_MS = 50;
/** Longest wait, so that a target that is back is noticed within this time. */
const MAX_BACKOFF_MS = 5_000;

/** True for failures after which the same call may succeed. */
export function isRetryable(cause: unknown): cause is ConnectorError {
  return cause instanceof ConnectorError && cause.retryable;
}

/**
 * How long to wait before attempt `attempt` (1 = the first retry), ms: exponential with full jitter on
 * its upper half, or what the target asked for.
 */
export function backoffMs(attempt: number, cause: ConnectorError, random: Random): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.max(cause.retryAfterMs ?? 0, ceiling * (0.5 + random() / 2));
}
