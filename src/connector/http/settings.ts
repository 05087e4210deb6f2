/** What an HTTP source can be told, and what it works with once defaults are in place. */

import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import { FORMATS, type Format } from '../../event/source.ts';
import type { Duration } from '../../time/duration.ts';
import type { PeerLimits } from '../peers.ts';
import { hostOption, isLoopback, portOption, type ListeningAddress } from '../listening.ts';
import { durationOption, integerOption, nameOption, wordOption } from '../options.ts';

/** Answers 200 while the flow runs, 503 while it drains. */
export const HEALTH_PATH: string = '/health';

export interface HttpSourceOptions {
  readonly name?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Default 127.0.0.1: reachable from this machine only. Beyond that, a token is required. */
  readonly host?: string;
  /** Where events are posted. Default `/`. */
  readonly path?: string;
  /** Required in `authorization: Bearer <token>`; at least 16 characters. */
  readonly token?: string;
  /** Values of the Host header that are served besides this machine's own names. */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may post. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Format of a body without a content type of its own. Default: such a request is refused (415). */
  readonly format?: Format;
  /** Longer bodies, after decompression, are refused (413). Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Bodies being received together; beyond that 503. Default 64 MiB. */
  readonly maxInFlightBytes?: number;
  /** Default 1024. */
  readonly maxConnections?: number;
  /** Of these, from one address. Default half of them: one sender cannot lock all others out. */
  readonly maxConnectionsPerPeer?: number;
  /** From one address, and as many at once; beyond that 429. Default: as many as the flow takes. */
  readonly maxRequestsPerPeer?: number;
  /** For the headers. Default 5 s. */
  readonly headersTimeout?: Duration;
  /** For the whole request. Default 15 s. */
  readonly requestTimeout?: Duration;
  /** Between two requests of a connection. Default 30 s. */
  readonly idleTimeout?: Duration;
  /** Longer events are dead-lettered. Default: as maxBodyBytes. */
  readonly maxEventBytes?: number;
  /**
   * A directory in which bodies are kept until they are done: 202 is answered once a body would survive a power loss, and
   * what was not done is taken up again after a crash. Default: one in the flow's `data` directory, where it has one.
   */
  readonly durable?: string;
  /** Called once the port is known. */
  readonly onListening?: (address: ListeningAddress) => void;
}

export interface HttpSettings {
  readonly name: string;
  readonly address: ListeningAddress;
  readonly path: string;
  readonly token: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly format: Format | undefined;
  readonly maxBodyBytes: number;
  readonly maxEventBytes: number;
  readonly maxInFlightBytes: number;
  readonly maxConnections: number;
  readonly perPeer: PeerLimits;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly durable: string | undefined;
  readonly onListening: ((address: ListeningAddress) => void) | undefined;
}

const OPTIONS = [
  'name',
  'port',
  'host',
  'path',
  'token',
  'allowedHosts',
  'allowedOrigins',
  'format',
  'maxBodyBytes',
  'maxInFlightBytes',
  'maxConnections',
  'maxConnectionsPerPeer',
  'maxRequestsPerPeer',
  'headersTimeout',
  'requestTimeout',
  'idleTimeout',
  'maxEventBytes',
  'durable',
  'onListening',
];
const MIB = 1024 * 1024;
const BODY = { min: 64, max: 256 * MIB, default: MIB };
const IN_FLIGHT = { min: 64, max: 4096 * MIB, default: 64 * MIB };
/** From one address, per second. */
const REQUESTS = { min: 1, max: 1_000_000, default: Infinity };
const CONNECTIONS = { min: 1, max: 65_535, default: 1024 };

/** @throws ConfigError */
export function readSettings(options: HttpSourceOptions): HttpSettings {
  knownOptions(options, 'http()', OPTIONS);
  const { token } = options;
  const host = hostOption(options.host, 'http().host');
  if (token !== undefined && !/^[\x21-\x7e]{16,256}$/.test(token)) {
    throw new ConfigError('http().token', '16 to 256 printable characters without spaces', '***');
  }
  if (!isLoopback(host) && token === undefined) {
    const fix = 'Beyond this machine a token is required: set token, for example from an environment variable.';
    throw new ConfigError('http().host', 'a loopback address such as 127.0.0.1', host, fix);
  }
  const maxConnections = integerOption(options.maxConnections, 'http().maxConnections', CONNECTIONS);
  const maxBodyBytes = integerOption(options.maxBodyBytes, 'http().maxBodyBytes', BODY);
  return {
    name: nameOption(options.name, 'http().name', 'http'),
    address: { host, port: portOption(options.port, 'http().port') },
    path: pathOption(options.path),
    token,
    allowedHosts: listOption(options.allowedHosts, 'http().allowedHosts'),
    allowedOrigins: listOption(options.allowedOrigins, 'http().allowedOrigins'),
    format: options.format && wordOption<Format>(options.format, 'http().format', FORMATS, 'ndjson'),
    maxBodyBytes,
    maxEventBytes: integerOption(options.maxEventBytes, 'http().maxEventBytes', { ...BODY, default: maxBodyBytes }),
    maxInFlightBytes: Math.max(
      maxBodyBytes,
      integerOption(options.maxInFlightBytes, 'http().maxInFlightBytes', IN_FLIGHT),
    ),
    maxConnections,
    perPeer: {
      connections: integerOption(options.maxConnectionsPerPeer, 'http().maxConnectionsPerPeer', {
        ...CONNECTIONS,
        default: Math.ceil(maxConnections / 2),
      }),
      requestsPerSecond: integerOption(options.maxRequestsPerPeer, 'http().maxRequestsPerPeer', REQUESTS),
    },
    headersTimeoutMs: durationOption(options.headersTimeout, 'http().headersTimeout', 5000, 1),
    requestTimeoutMs: durationOption(options.requestTimeout, 'http().requestTimeout', 15_000, 1),
    idleTimeoutMs: durationOption(options.idleTimeout, 'http().idleTimeout', 30_000, 1),
    durable: durableOption(options.durable),
    onListening: options.onListening,
  };
}

function durableOption(directory: string | undefined): string | undefined {
  if (directory === undefined || (typeof directory === 'string' && directory !== '')) return directory;
  throw new ConfigError('http().durable', 'the path of a directory', directory);
}

function pathOption(path = '/'): string {
  if (!/^\/[^\s?#]*$/.test(path)) throw new ConfigError('http().path', "a path that begins with '/'", path);
  if (path === HEALTH_PATH) throw new ConfigError('http().path', `another path: ${HEALTH_PATH} is taken`, path);
  return path;
}

function listOption(list: readonly string[] | undefined, path: string): readonly string[] {
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.some((each) => typeof each !== 'string')) {
    throw new ConfigError(path, 'an array of strings', list);
  }
  return (list as readonly string[]).map((each) => each.toLowerCase());
}
