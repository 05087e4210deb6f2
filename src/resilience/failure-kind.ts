/** What a failed call is about: its target, its events, or the connector itself. */

import { ConnectorError, RefusedEventsError, TimeoutError } from '../errors/errors.ts';

/**
 * - `passing`: the target is away, slow or busy; the same call may succeed later. Repeated.
 * - `data`: the target is there and will not have these events, or the function threw on them. Isolated.
 * - `lasting`: nothing that is repeated or left out helps: wrong credentials, no such table. Ends the run.
 */
export type FailureKind = 'passing' | 'data' | 'lasting';

/** Of Node's own connections, of undici (`fetch`), and of a file system that may have room again. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAGAIN',
  'EBUSY',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Causes looked through: `fetch failed` <- `AggregateError` <- `ECONNREFUSED`. */
const MAX_CAUSES = 3;

/** Mistakes in code: the same call throws the same again. */
const MISTAKES = [TypeError, ReferenceError, SyntaxError, RangeError] as const;

export function failureKind(cause: unknown): FailureKind {
  if (cause instanceof RefusedEventsError) return 'data';
  if (cause instanceof ConnectorError) return cause.retryable ? 'passing' : cause.aboutEvents ? 'data' : 'lasting';
  return isPassing(cause, 0) ? 'passing' : 'data';
}

/** True where a failure that is about data may still have been an accident: worth a second try. */
export function mayBeAccident(cause: unknown): boolean {
  if (cause instanceof ConnectorError) return false;
  return !MISTAKES.some((mistake) => cause instanceof mistake);
}

function isPassing(cause: unknown, depth: number): boolean {
  if (cause instanceof TimeoutError) return true;
  if (typeof cause !== 'object' || cause === null) return false;
  const { code, name, cause: deeper } = cause as { code?: unknown; name?: unknown; cause?: unknown };
  if (typeof code === 'string' && PASSING_CODES.has(code)) return true;
  if (name === 'TimeoutError' || isPassingStatus(statusOf(cause))) return true;
  return depth < MAX_CAUSES && isPassing(deeper, depth + 1);
}

/** Where HTTP clients keep the status of an answer that they threw. */
export function statusOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, statusCode, response } = error as { status?: unknown; statusCode?: unknown; response?: unknown };
  if (typeof status === 'number') return status;
  if (typeof statusCode === 'number') return statusCode;
  return typeof response === 'object' && response !== null ? (response as { status?: unknown }).status : undefined;
}

function isPassingStatus(status: unknown): boolean {
  return typeof status === 'number' && (status === 408 || status === 429 || (status >= 500 && status <= 599));
}
