/** Where the server is, and how the way there is protected. */

import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../../errors/errors.ts';
import { isLoopback } from '../listening.ts';

export interface Server {
  /** For the client: user, password and database; without what is read here. Never shown. */
  readonly url: string;
  /** A name or address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  /** Host and port, as they may be shown. */
  readonly address: string;
  /** `verified`: encrypted, and the server has shown a certificate for its name. */
  readonly protection: 'local' | 'verified' | 'encrypted' | 'none';
  /** As the client takes it: false, `prefer` (encrypted when the server can), or options of `tls.connect`. */
  readonly ssl: false | 'prefer' | ConnectionOptions;
}

const EXAMPLE = 'postgres://user:password@host:port/database';
const DEFAULT_PORT = 5432;

/**
 * Reads the url and its `sslmode`; what is left out comes from the usual environment variables.
 *
 * @throws ConfigError, in which the url, since it may hold a password, is not shown
 */
export function serverOption(text: string | undefined, tls: boolean | ConnectionOptions | undefined): Server {
  const url = urlOption(text ?? process.env['DATABASE_URL']);
  const { host, port } = takeAddress(url);
  const mode = takeParameter(url, 'sslmode');
  const ssl = sslOption(tls, mode, host);
  const isLocal = host.startsWith('/') || isLoopback(host);
  const isVerified = typeof ssl === 'object' && ssl.rejectUnauthorized !== false;
  const encryption = isVerified ? 'verified' : ssl === false ? 'none' : 'encrypted';
  return {
    url: url.href,
    host,
    port,
    address: host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`,
    protection: isLocal ? 'local' : encryption,
    ssl,
  };
}

function urlOption(text: string | undefined): URL {
  const path = 'postgres().url';
  if (text === undefined) {
    throw new ConfigError(path, EXAMPLE, undefined, 'Set it, or the environment variable DATABASE_URL.');
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return url;
  throw new ConfigError(path, EXAMPLE, '***', 'Encode special characters of the password, as encodeURIComponent does.');
}

/** The client would read an IPv6 address and the folder of a socket wrongly: they are ours alone. */
function takeAddress(url: URL): { readonly host: string; readonly port: number } {
  const named = takeParameter(url, 'host') ?? url.hostname.replaceAll(/^\[|\]$/g, '');
  const host = named === '' ? (process.env['PGHOST'] ?? 'localhost') : named;
  const port = Number(url.port === '' ? (process.env['PGPORT'] ?? DEFAULT_PORT) : url.port);
  url.hostname = 'localhost';
  return { host, port };
}

function takeParameter(url: URL, name: string): string | undefined {
  const value = url.searchParams.get(name) ?? undefined;
  url.searchParams.delete(name);
  return value;
}

/** As libpq reads `sslmode`; `tls` goes before it. A certificate is checked against the host. */
function sslOption(
  tls: boolean | ConnectionOptions | undefined,
  mode: string | undefined,
  host: string,
): Server['ssl'] {
  if (typeof tls === 'object') return { host, ...tls };
  if (tls !== undefined) return tls && { host };
  switch (mode) {
    case undefined:
    case 'disable':
      return false;
    case 'allow':
    case 'prefer':
      return 'prefer';
    case 'require':
      return { host, rejectUnauthorized: false };
    case 'verify-ca':
    case 'verify-full':
      return { host };
    default:
      throw new ConfigError('postgres().url', 'an sslmode of disable, prefer, require or verify-full', mode);
  }
}
