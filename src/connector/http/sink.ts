/**
 * Sends batches by POST over kept-alive connections.
 *
 * **Invariants** (test/integration/connector-http.test.ts)
 * - Only a 2xx answer confirms; redirects are never followed, so events go to the declared host only.
 * - Credentials appear in no message.
 * - Nothing is sent to an address of this link only (link-local.ts), unless the flow says so.
 */

import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError, ConnectorError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import type { Scheduler } from '../../time/clock.ts';
import type { Duration } from '../../time/duration.ts';
import { jsonOf, lineEncoder } from '../encode-lines.ts';
import { durationOption, integerOption, nameOption, wordOption } from '../options.ts';
import { isLinkLocal, lookupBeyondLink, refusal } from './link-local.ts';
import { systemFailure } from '../system-failure.ts';

export interface HttpSinkOptions {
  readonly name?: string;
  /** `http:` or `https:`; a user and password in it become basic authentication and are never shown. */
  readonly url: string;
  /** `ndjson` (application/x-ndjson) or `json` (one array, application/json). Default `ndjson`. */
  readonly format?: 'ndjson' | 'json';
  /** Sent as `authorization: Bearer <token>`. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Compresses bodies. Default false. */
  readonly gzip?: boolean;
  /** From the request to the end of the answer. Default 10 s. */
  readonly timeout?: Duration;
  /** Most events per request. Default 1000. */
  readonly maxBatch?: number;
  /** Most requests at a time, each on a connection of its own. Default 16. 1 keeps the order. */
  readonly maxConcurrency?: number;
  /**
   * Sends also to addresses of this link only (169.254.0.0/16, fe80::/10 and the metadata services of clouds), where machines
   * keep their credentials. Default false.
   */
  readonly allowLinkLocal?: boolean;
}

const OPTIONS = [
  'name',
  'url',
  'format',
  'token',
  'headers',
  'gzip',
  'timeout',
  'maxBatch',
  'maxConcurrency',
  'allowLinkLocal',
];
const BATCH = { min: 1, max: 1_000_000, default: 1000 };
const CONCURRENCY = { min: 1, max: 1024, default: 16 };
/** How much of an answer is kept for the error message. */
const ANSWER_BYTES = 200;
/** A longer wait that a server asks for is cut to this, ms. */
const MAX_RETRY_AFTER_MS = 600_000;
const compress = promisify(gzip);

interface Target {
  readonly name: string;
  /** Without credentials. */
  readonly shown: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly isArray: boolean;
  readonly isCompressed: boolean;
  readonly allowsLinkLocal: boolean;
}

/** @throws ConfigError */
export function httpSink<E>(options: HttpSinkOptions): Sink<E> {
  knownOptions(options, 'http()', OPTIONS);
  const target = readTarget(options);
  const maxConcurrency = integerOption(options.maxConcurrency, 'http().maxConcurrency', CONCURRENCY);
  const maxBatch = integerOption(options.maxBatch, 'http().maxBatch', BATCH);
  return {
    name: target.name,
    limits: { maxBatch, maxConcurrency },
    work: 'network',
    open: ({ scheduler }) => {
      const lookup = target.allowsLinkLocal ? {} : { lookup: lookupBeyondLink() };
      const pool = { keepAlive: true, maxSockets: maxConcurrency, ...lookup };
      const agent = target.url.protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
      const lines = lineEncoder('ndjson', target.name);
      return {
        write: async (events, { signal }) => {
          if (events.length === 0) return;
          setMaxListeners(0, signal); // each request in flight has one: 11 are no leak
          const plain = target.isArray ? arrayOf(events, target.name) : lines.encode(events, false);
          const body = target.isCompressed ? await compress(plain) : plain;
          await post(target, body, { agent, signal, scheduler });
        },
        close: () => agent.destroy(),
      };
    },
  };
}

function arrayOf(events: readonly unknown[], name: string): Buffer {
  return Buffer.from(`[${events.map((event) => jsonOf(event, name)).join(',')}]`);
}

interface Call {
  readonly agent: HttpAgent;
  readonly signal: AbortSignal;
  readonly scheduler: Scheduler;
}

function post(target: Target, body: Uint8Array, { agent, signal, scheduler }: Call): Promise<void> {
  const { url, headers, timeoutMs } = target;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const options: RequestOptions = {
    method: 'POST',
    agent,
    signal,
    headers: { ...headers, 'content-length': String(body.length) },
  };
  return new Promise((resolve, reject) => {
    const request = send(url, options);
    const timer = scheduler.after(timeoutMs, () => {
      request.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    });
    const settle = (error?: ConnectorError): void => {
      timer.cancel();
      if (error === undefined) resolve();
      else reject(error);
    };
    request.on('error', (error) => settle(broken(target, error, signal)));
    request.on('response', (response) => {
      response.on('error', (error) => settle(broken(target, error, signal)));
      beginningOf(response, (beginning) => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) settle();
        else settle(refused(target, response, beginning, scheduler.wall()));
      });
    });
    request.end(body);
  });
}

/** Reads to the end, so that the connection can be used again, but keeps only the beginning. */
function beginningOf(response: IncomingMessage, done: (text: string) => void): void {
  let text = '';
  response.on('data', (bytes: Buffer) => {
    if (text.length < ANSWER_BYTES) text += bytes.toString('utf8', 0, ANSWER_BYTES);
  });
  // Control characters of a foreign answer must not reach a terminal.
  response.on('end', () => done(text.slice(0, ANSWER_BYTES).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')));
}

function broken({ name, shown }: Target, error: Error, signal: AbortSignal): ConnectorError {
  if (signal.aborted) return new ConnectorError(name, `stopped while sending to ${shown}`, { cause: error });
  const failure = systemFailure(name, `cannot send to ${shown}`, error);
  // Whatever breaks a connection may pass; whether the events arrived is unknown: they are sent again.
  return new ConnectorError(name, failure.message.slice(name.length + 2), { retryable: true, cause: error });
}

/** Bad request, conflict, too large, unprocessable: another body may well be taken. */
const ABOUT_EVENTS: ReadonlySet<number> = new Set([400, 409, 413, 422]);

function refused({ name, shown }: Target, response: IncomingMessage, text: string, nowEpochMs: number): ConnectorError {
  const status = response.statusCode ?? 0;
  const said = text.trim() === '' ? '' : ` It says: ${text.trim()}`;
  const message = `${shown} answered ${status}.${adviceFor(status)}${said}`;
  const backPressure = status === 429 || status === 503;
  const retryable = backPressure || status >= 500 || status === 408;
  const retryAfterMs = backPressure ? retryAfter(response.headers['retry-after'], nowEpochMs) : undefined;
  const aboutEvents = ABOUT_EVENTS.has(status);
  return new ConnectorError(name, message, { retryable, backPressure, retryAfterMs, aboutEvents });
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return ' Check the token or the credentials.';
  if (status === 404) return ' Check the path of the url.';
  if (status === 413) return ' Lower maxBatch.';
  if (status >= 300 && status < 400) return ' Redirects are not followed: set url to the final address.';
  return '';
}

/** Seconds or an HTTP date, in ms from now. */
export function retryAfter(value: string | undefined, nowEpochMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowEpochMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined;
}

function readTarget(options: HttpSinkOptions): Target {
  const url = urlOption(options.url);
  const allowsLinkLocal = options.allowLinkLocal === true;
  if (!allowsLinkLocal && isLinkLocal(url.hostname)) {
    throw new ConfigError(
      'http().url',
      'an address beyond this link',
      url.hostname,
      `${refusal(url.hostname, url.hostname)}.`,
    );
  }
  const isArray = wordOption(options.format, 'http().format', ['ndjson', 'json'], 'ndjson') === 'json';
  const headers: Record<string, string> = {
    'content-type': isArray ? 'application/json' : 'application/x-ndjson',
    ...authorization(url, options.token),
  };
  if (options.gzip === true) headers['content-encoding'] = 'gzip';
  for (const [name, value] of Object.entries(options.headers ?? {}))
    headers[headerName(name)] = headerValue(name, value);
  url.username = '';
  url.password = '';
  return {
    name: nameOption(options.name, 'http().name', 'http'),
    // A query often carries a key: only its presence is shown.
    shown: `${url.origin}${url.pathname}${url.search === '' ? '' : '?***'}`,
    url,
    headers,
    timeoutMs: durationOption(options.timeout, 'http().timeout', 10_000, 1),
    isArray,
    isCompressed: options.gzip ?? false,
    allowsLinkLocal,
  };
}

function urlOption(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    // The text may hold a password: it is not shown.
    throw new ConfigError('http().url', 'an http: or https: address', typeof text === 'string' ? '***' : text);
  }
  return url;
}

function authorization(url: URL, token: string | undefined): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${headerValue('token', token)}` };
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function headerName(name: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name.toLowerCase();
  throw new ConfigError('http().headers', 'a header name', name);
}

function headerValue(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new ConfigError(`http().${name}`, 'a text without line ends or control characters', '***');
}
