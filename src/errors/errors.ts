/**
 * Every error that DaoFlow raises. Each has a stable `code`, listed in docs/errors.md and never
 * reused, and a brand that survives duplicate copies of the package and thread boundaries.
 */

const BRAND = Symbol.for('daoflow.error');

export type ErrorCode =
  | 'DAO_CONFIG'
  | 'DAO_INVARIANT'
  | 'DAO_OPERATOR'
  | 'DAO_CONNECTOR'
  | 'DAO_TIMEOUT'
  | 'DAO_CIRCUIT_OPEN'
  | 'DAO_OVERLOAD'
  | 'DAO_SHUTDOWN'
  | 'DAO_WORKER'
  | 'DAO_LOG'
  | 'DAO_LOG_DAMAGED'
  | 'DAO_LOG_LOCKED'
  | 'DAO_PATTERN'
  | 'DAO_SKIP_TARGET'
  | 'DAO_STATE';

/** A plain-data form for `postMessage` and logs. */
export interface ErrorData {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

export class DaoFlowError extends Error {
  override readonly name: string = 'DaoFlowError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for an error of ours, whichever copy of the package made it. */
export function isDaoFlowError(error: unknown): error is DaoFlowError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** The user's declaration is wrong: thrown at once by the call that declares it. */
export class ConfigError extends DaoFlowError {
  override readonly name = 'ConfigError';
  /** Where in the declaration: `flow.orders.window.size`. */
  readonly path: string;
  readonly expected: string;

  constructor(path: string, expected: string, received: unknown, fix?: string) {
    const hint = fix === undefined ? '' : ` ${fix}`;
    super('DAO_CONFIG', `${path}: expected ${expected}, received ${show(received)}.${hint}`);
    this.path = path;
    this.expected = expected;
  }
}

/** A mistake of the engine's own: the run stops, since nothing it says can be trusted any more. */
export class InvariantError extends DaoFlowError {
  override readonly name = 'InvariantError';
  constructor(message: string) {
    super('DAO_INVARIANT', `${message}. This is a defect of DaoFlow, please report it.`);
  }
}

/** Code of the user threw: which operator, on which event, and the original error as `cause`. */
export class OperatorError extends DaoFlowError {
  override readonly name = 'OperatorError';
  readonly flow: string;
  readonly operator: string;
  constructor(at: { readonly flow: string; readonly operator: string }, cause: unknown) {
    super('DAO_OPERATOR', `operator ${at.operator} of flow ${at.flow} threw: ${messageOf(cause)}`, cause);
    this.flow = at.flow;
    this.operator = at.operator;
  }
}

/** A source or sink failed. `retryable`: the same call may succeed later. */
export class ConnectorError extends DaoFlowError {
  override readonly name = 'ConnectorError';
  readonly connector: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** True when the other side asked for less: 429, 503, pool exhausted. Concurrency reacts to these only. */
  readonly backPressure: boolean;
  /**
   * True when the target is well but will not have these events (HTTP 400, 422): the call is repeated in halves, until the
   * events at fault are alone and become dead letters. Never together with `retryable`.
   */
  readonly aboutEvents: boolean;
  constructor(connector: string, message: string, options: ConnectorErrorOptions = {}) {
    super('DAO_CONNECTOR', `${connector}: ${message}`, options.cause);
    this.connector = connector;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.backPressure = options.backPressure ?? false;
    this.aboutEvents = options.aboutEvents ?? false;
  }
}

export interface ConnectorErrorOptions {
  readonly retryable?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly backPressure?: boolean;
  readonly aboutEvents?: boolean;
  readonly cause?: unknown;
}

/**
 * A sink wrote a batch except for some events, which its target will never take: a constraint, a wrong type. Thrown by
 * `write`; by default these events become dead letters, each with its own reason, and the others are confirmed.
 */
export class RefusedEventsError extends ConnectorError {
  /** Index in the batch -> why. */
  readonly refused: ReadonlyMap<number, Error>;
  constructor(connector: string, refused: ReadonlyMap<number, Error>) {
    const [first] = refused.values();
    const which = refused.size === 1 ? 'an event was refused' : `${refused.size} events were refused, the first one`;
    super(connector, `${which}: ${messageOf(first)}`, { cause: first });
    this.refused = refused;
  }
}

/** Who has taken a flow over, and from whom. */
export interface Takeover {
  readonly owner: string;
  readonly epoch: number;
  readonly since: string;
  readonly deposed: string;
  readonly deposedEpoch: number;
}

/** Another run of the flow has taken over. This one ends; nothing that it did since then is there. */
export class FencedError extends ConnectorError {
  readonly takeover: Takeover;
  constructor(connector: string, flow: string, takeover: Takeover) {
    const { owner, epoch, since, deposed, deposedEpoch } = takeover;
    const message = `flow ${flow} has a newer owner: ${owner}, epoch ${epoch}, since ${since}. This run (${deposed}, epoch ${deposedEpoch}) ends, and has written nothing since.`;
    super(connector, message);
    this.takeover = takeover;
  }
}

/** Something did not end within its deadline. */
export class TimeoutError extends DaoFlowError {
  override readonly name = 'TimeoutError';
  constructor(what: string, limitMs: number) {
    super('DAO_TIMEOUT', `${what} did not end within ${limitMs} ms`);
  }
}

/** A circuit breaker is open: the call was not made. */
export class CircuitOpenError extends DaoFlowError {
  override readonly name = 'CircuitOpenError';
  /** Until a call may be tried, ms. */
  readonly retryAfterMs: number;
  constructor(what: string, retryAfterMs: number) {
    super('DAO_CIRCUIT_OPEN', `${what} failed too often: no call for another ${Math.ceil(retryAfterMs)} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** More waits than may: nothing was taken. */
export class OverloadError extends DaoFlowError {
  override readonly name = 'OverloadError';
  constructor(message: string) {
    super('DAO_OVERLOAD', message);
  }
}

/** The run was stopped before this could be done. */
export class ShutdownError extends DaoFlowError {
  override readonly name = 'ShutdownError';
  constructor(what: string) {
    super('DAO_SHUTDOWN', what);
  }
}

/** A worker thread died or did not answer. */
export class WorkerError extends DaoFlowError {
  override readonly name = 'WorkerError';
  constructor(message: string, cause?: unknown) {
    super('DAO_WORKER', message, cause);
  }
}

/** Stops the engine when one of its own invariants does not hold. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(invariant);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error as plain data. */
export function errorData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return { name: 'Error', code: 'UNKNOWN', message: String(error) };
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: error.message,
    stack: error.stack,
  };
}

/** A short, safe rendering of a received value: never a whole payload, never a throwing `toString`. */
function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
    case 'function':
      return `function ${value.name || '(anonymous)'}`;
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `an array of ${value.length}`;
      const keys = Object.keys(value);
      return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 4).join(', ')}`;
    }
    default:
      return String(value);
  }
}
