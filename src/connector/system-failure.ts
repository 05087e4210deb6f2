import { ConnectorError, messageOf } from '../errors/errors.ts';

/** What a person can do about it, by the operating system's code. */
const FIX: Readonly<Record<string, string>> = {
  ENOENT: 'It does not exist: check the path.',
  EACCES: 'Permission denied: give this user access to it, or choose another.',
  EPERM: 'The operating system does not permit it: check its owner and flags, or choose another.',
  EISDIR: 'It is a directory: name a file, for reading several use a glob such as dir/*.ndjson.',
  ENOTDIR: 'A part of the path is not a directory: check the path.',
  EROFS: 'The file system is read-only: write somewhere else.',
  ENOSPC: 'The disk is full: free some space, or write somewhere else.',
  EDQUOT: 'The disk quota is used up: free some space, or write somewhere else.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
  EEXIST: "It exists already: use mode 'append' or 'overwrite', or another name.",
  EADDRINUSE: 'The port is in use: stop the other program, choose another port, or port 0 for any free one.',
  EADDRNOTAVAIL: 'This machine has no such address: use 127.0.0.1, or an address that it has.',
  ENOTFOUND: 'The host name is unknown: check its spelling.',
  EAI_AGAIN: 'The host name could not be looked up: check the name server.',
  ECONNREFUSED: 'Nothing listens there: start the server, or check host and port.',
  ECONNRESET: 'The other side closed the connection.',
  EPIPE: 'The reader has gone away.',
};

/** Failures that may pass by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_SOCKET',
]);

/**
 * A ConnectorError out of what the operating system said, with the fix in its message; one of ours stays as it is.
 *
 * @param doing - what was tried, with its object: `cannot read logs/a.ndjson`
 */
export function systemFailure(connector: string, doing: string, cause: unknown): ConnectorError {
  if (cause instanceof ConnectorError) return cause;
  const code = systemCode(cause);
  const fix = code === undefined ? undefined : FIX[code];
  const why = fix === undefined ? messageOf(cause) : `${fix} (${String(code)})`;
  return new ConnectorError(connector, `${doing}. ${why}`, {
    retryable: code !== undefined && PASSING.has(code),
    cause,
  });
}

/** `ENOENT` and the like; undefined when the error is not the operating system's. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** True when the reader of our output has gone: what a program in a shell pipe ends quietly on. */
export function isBrokenPipe(error: unknown): boolean {
  const cause = error instanceof ConnectorError ? error.cause : error;
  const code = systemCode(cause);
  return code === 'EPIPE' || code === 'EOF';
}
