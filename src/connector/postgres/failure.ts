/**
 * What the server, or the way to it, said: may it pass, is it about the data, what can a person do.
 * Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */

import { ConnectorError, messageOf } from '../../errors/errors.ts';
import { systemCode, systemFailure } from '../system-failure.ts';

/** Classes: connection, transaction rolled back, resources, operator intervention. */
const PASSING_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '57']);
/** Object in use, lock not available; read-only: a replica that is about to be promoted. */
const PASSING: ReadonlySet<string> = new Set(['55006', '55P03', '25006']);
/** Protocol violation, database dropped. */
const LASTING: ReadonlySet<string> = new Set(['08P01', '57P04']);
/** Cardinality, data exception, constraint, program limit (a key too long for its index), check option, raised by a trigger. */
const DATA_CLASSES: ReadonlySet<string> = new Set(['21', '22', '23', '44', '54', 'P0']);
const TOO_MANY_CONNECTIONS = '53300';

const FIX: Readonly<Record<string, string>> = {
  '08P01': 'Behind PgBouncer set statementTimeout to 0.',
  '26000': 'Behind a pooler set prepare to false.',
  '28000': 'Check the user and pg_hba.conf.',
  '28P01': 'Check user and password.',
  '3D000': 'Create the database, or correct the url.',
  '42501': 'Grant it, or use another user.',
  '53100': 'Free some space on its disk.',
  '53300': 'Lower maxConnections, or raise max_connections of the server.',
  '57014': 'Something holds it up longer than statementTimeout: look for locks (pg_locks) and slow triggers.',
};

/** Codes of the client's own, for a connection that ended without a word of the server's. */
const LOST: ReadonlySet<string> = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
]);

/** True when other rows may well be written: the failure is one of these rows. */
export function isAboutData(cause: unknown): boolean {
  const state = sqlState(cause);
  return state !== undefined && DATA_CLASSES.has(state.slice(0, 2));
}

/** True when only the statement failed: the connection can take the next one. */
export function isStatementError(cause: unknown): boolean {
  return sqlState(cause) !== undefined && (cause as { severity: string }).severity === 'ERROR';
}

/** @param doing - what was tried: `cannot write to "public"."orders" (127.0.0.1:5432)` */
export function failureOf(connector: string, doing: string, cause: unknown): ConnectorError {
  const state = sqlState(cause);
  if (state !== undefined) {
    const fix = FIX[state] === undefined ? '' : ` ${FIX[state]}`;
    const message = `${doing}: ${messageOf(cause)} (SQLSTATE ${state}).${fix}`;
    return new ConnectorError(connector, message, {
      retryable: mayPass(state),
      backPressure: state === TOO_MANY_CONNECTIONS,
      cause,
    });
  }
  const code = systemCode(cause);
  if (code === undefined || !LOST.has(code)) return systemFailure(connector, doing, cause);
  const why = code === 'CONNECT_TIMEOUT' ? 'the server does not answer' : 'the connection was lost';
  return new ConnectorError(connector, `${doing}: ${why}.`, { retryable: true, cause });
}

export function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(messageOf(cause));
}

function mayPass(state: string): boolean {
  return PASSING.has(state) || (PASSING_CLASSES.has(state.slice(0, 2)) && !LASTING.has(state));
}

/** Five characters, on errors that the server sent: those have a severity. */
export function sqlState(cause: unknown): string | undefined {
  const { code, severity } = Object(cause) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' && code.length === 5 ? code : undefined;
}
