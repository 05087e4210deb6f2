/**
 * Malformed declarations: each works, or fails at once with an error of ours that names the path, what was expected and what
 * was received. 200 of them, times FUZZ_FACTOR. A seed is printed; FUZZ_SEED repeats it.
 */

import { describe, expect, it } from 'vitest';
import {
  BufferManager,
  CircuitBreaker,
  ResourceStrategy,
  file,
  flow,
  generate,
  iterable,
  memory,
  session,
  sliding,
  stdin,
  stdout,
  tumbling,
  tuned,
} from '../../src/index.ts';
import { http } from '../../src/http.ts';
import { isDaoFlowError } from '../../src/errors/errors.ts';
import { patternFromJson, patternFromText } from '../../src/pattern.ts';
import { postgres } from '../../src/postgres.ts';
import { tcp } from '../../src/tcp.ts';
import { Random } from './decoder-corpus.ts';
import { seedOf } from './seed.ts';

const RUNS = 200 * Number(process.env['FUZZ_FACTOR'] ?? 1);
const SLOW_MS = 2000;

const VALUES: readonly unknown[] = [
  undefined, null, true, false, 0, -0, -1, 1, 2, 0.5, 1e9, 1e308, Number.NaN, Infinity, -Infinity, 2 ** 53, 10n,
  '', ' ', 'a', '0', '-1', '1s', '5m', '1ms', '10 parsecs', '1e999s', '9'.repeat(400), 'x'.repeat(10_000), '../..', '/', '\0', '\u001b[2J',
  'auto', 'off', 'drop', 'deadLetter', 'stop', 'ndjson', 'csv', 'json', 'xml', '127.0.0.1', '0.0.0.0', '::1', 'http://x', 'http://a:b@x/?c',
  'postgres://u:p@h/d', '__proto__', 'constructor', 'toString', [], [[]], ['a', 'a'], [1, null], {}, { a: 1 }, { min: 5, max: 1 },
  Object.create(null), new Date(Number.NaN), new Map(), Symbol('s'), () => 1, (x: unknown) => x, /x/, new Error('e'), new Uint8Array(3),
]; // prettier-ignore

const NAMES = [
  'name', 'port', 'host', 'path', 'token', 'allowedHosts', 'allowedOrigins', 'format', 'maxBodyBytes', 'maxInFlightBytes', 'maxConnections',
  'maxConnectionsPerPeer', 'maxRequestsPerPeer', 'headersTimeout', 'requestTimeout', 'idleTimeout', 'maxEventBytes', 'durable', 'url', 'headers', 'gzip',
  'timeout', 'maxBatch', 'maxConcurrency', 'allowLinkLocal', 'exposed', 'mode', 'rotate', 'bytes', 'every', 'keep', 'fsync', 'permissions', 'columns', 'follow',
  'from', 'rate', 'make', 'count', 'seed', 'targets', 'p95', 'throughput', 'avg', 'cpu', 'memory', 'goal', 'data', 'checkpointEvery', 'resources', 'energy',
  'tries', 'breaker', 'whenFailing', 'whenSlow', 'ordered', 'batch', 'linger', 'concurrency', 'pin', 'bounds', 'ttl', 'maxKeys', 'version', 'migrate', 'within',
  'steps', 'link', 'kind', 'where', 'times', 'bufferSize', 'batchSize', 'weights', 'limits', 'policies', 'table', 'key', 'statementTimeout', '__proto__', 'Port', 'x',
]; // prettier-ignore

type Make = (value: () => unknown, options: () => unknown) => unknown;

/** Untyped on purpose: a user of plain JavaScript, or a JSON file, may say anything. */
const call = (fn: unknown, ...args: readonly unknown[]): unknown =>
  Reflect.apply(fn as (...all: readonly unknown[]) => unknown, undefined, args);
const method = (on: unknown, name: string, ...args: readonly unknown[]): unknown =>
  Reflect.apply((on as Record<string, (...all: readonly unknown[]) => unknown>)[name] as () => unknown, on, args);
const make = (type: unknown, ...args: readonly unknown[]): unknown =>
  Reflect.construct(type as new (...all: readonly unknown[]) => object, args);
const events = (): unknown => method(flow('fuzz'), 'from', iterable([{ n: 1, at: 0 }]));

const DECLARATIONS: Readonly<Record<string, Make>> = {
  http: (_value, options) => call(http, options()),
  tcp: (_value, options) => call(tcp, options()),
  file: (value, options) => call(file, value(), options()),
  generate: (_value, options) => call(generate, options()),
  stdin: (_value, options) => call(stdin, options()),
  stdout: (_value, options) => call(stdout, options()),
  memory: (_value, options) => call(memory, options()),
  iterable: (value, options) => call(iterable, value(), options()),
  postgres: (_value, options) => call(postgres, options()),
  flow: (value, options) => call(flow, value(), options()),
  map: (value) => method(events(), 'map', value()),
  mapAsync: (value, options) => method(events(), 'mapAsync', value(), options()),
  mapBatch: (value, options) => method(events(), 'mapBatch', value(), options()),
  rateLimit: (value, options) => method(events(), 'rateLimit', value(), options()),
  from: (_value, options) => method(flow('fuzz'), 'from', iterable([1]), options()),
  scan: (value, options) => method(events(), 'scan', value(), 0, options()),
  mapWithState: (value, options) => method(events(), 'mapWithState', value(), options()),
  dedupe: (value, options) => method(events(), 'dedupe', value(), options()),
  sample: (_value, options) => method(events(), 'sample', options()),
  branch: (value) => method(events(), 'branch', value()),
  window: (value, options) => method(events(), 'window', value(), options()),
  match: (value, options) => method(events(), 'match', value(), options()),
  eventTime: (value, options) => method(events(), 'eventTime', value(), options()),
  keyBy: (value) => method(events(), 'keyBy', value()),
  to: (value, options) => method(events(), 'to', value(), options()),
  tumbling: (value) => call(tumbling, value()),
  sliding: (value) => call(sliding, value(), value()),
  session: (value) => call(session, value()),
  tuned: (value, options) => call(tuned, value(), options()),
  'pattern of JSON': (_value, options) => call(patternFromJson, options()),
  'pattern of text': (value) => call(patternFromText, value()),
  CircuitBreaker: (_value, options) => make(CircuitBreaker, options()),
  BufferManager: (_value, options) => make(BufferManager, options()),
  ResourceStrategy: (_value, options) => make(ResourceStrategy, options()),
};

describe('a malformed declaration', () => {
  it('works, or says at once what is wrong with it', { timeout: 60_000 + RUNS * 20 }, () => {
    const first = seedOf('configurations');
    let refused = 0;
    for (let seed = first; seed < first + RUNS; seed += 1) refused += tried(seed) ? 0 : 1;
    expect(refused).toBeGreaterThan(RUNS / 4);
    expect(refused).toBeLessThan(RUNS);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

/** @returns whether the declaration was taken */
function tried(seed: number): boolean {
  const random = new Random(seed);
  const [name, declare] = random.pick(Object.entries(DECLARATIONS));
  const value = (): unknown => random.pick(VALUES);
  const options = (): unknown => (random.below(10) === 0 ? value() : objectOf(random, 2));
  const began = performance.now();
  try {
    declare(value, options);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isExplained = isDaoFlowError(error) && /expected [\s\S]*received |^[^\n]+:/.test(message);
    if (!isExplained) throw new Error(`seed ${seed}, ${name}: not explained`, { cause: error });
    return false;
  } finally {
    if (performance.now() - began > SLOW_MS) throw new Error(`seed ${seed}, ${name}: took too long`);
  }
}

function objectOf(random: Random, depth: number): object {
  const members = Array.from({ length: random.below(6) }, (): [string, unknown] => [
    random.pick(NAMES),
    depth > 0 && random.below(4) === 0 ? objectOf(random, depth - 1) : random.pick(VALUES),
  ]);
  return Object.fromEntries([...members, ['polluted', undefined]].slice(0, members.length) as [string, unknown][]);
}
