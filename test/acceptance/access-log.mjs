/**
 * A made-up web access log, NDJSON: the same bytes for the same size on every machine.
 *
 * Per line: at, host, method, path, status, bytes, seconds, agent, and mostly user and referer. Some lines have
 * escapes, characters beyond ASCII, exponents, nulls, other orders of fields or spaces; about one in ten
 * thousand is damaged. Event time goes forward, with lines up to two seconds late.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const HOSTS = Array.from({ length: 200 }, (_, i) => `www${i}.example.org`);
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD'];
const STATUSES = [200, 200, 200, 200, 200, 200, 304, 301, 404, 500];
const PATHS = [
  '/index.html',
  '/api/v1/orders',
  '/assets/app.js',
  '/suche?q=gr\u00f6\u00dfe&seite=2',
  '/\u691c\u7d22/\u7d50\u679c',
  '/a\\b/"quoted"',
  '/tab\there',
  '/emoji/\u{1f680}',
  '/static/img/logo.png',
  '/login',
];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15',
  'curl/8.5.0',
  'Bot "Nosy" \\ 1.0 \u2014 na\u00efve',
];
const START = Date.UTC(2026, 0, 5);
/** Lines per second of event time. */
const RATE = 400;
const LATE_MS = 2000;
const ONE_IN = 10_000;
const CHUNK = 4 * 1024 * 1024;

/** How far behind its successors a line may be: what the flow and the oracles are told. */
export const OUT_OF_ORDER_MS = LATE_MS;

/**
 * Writes at least `bytes` bytes of whole lines.
 * @returns how many lines, bytes and damaged lines there are
 */
export function writeAccessLog(path, bytes, { damaged = true } = {}) {
  const file = openSync(path, 'w');
  const random = randomOf(20_260_105);
  const total = { lines: 0, bytes: 0, damaged: 0 };
  const buffer = Buffer.allocUnsafe(CHUNK + 4096);
  let used = 0;
  const flush = () => {
    writeSync(file, buffer, 0, used);
    total.bytes += used;
    used = 0;
  };
  while (total.bytes + used < bytes) {
    const isDamaged = random() < 1 / ONE_IN && damaged;
    const line = lineOf(total.lines, random);
    used += isDamaged ? damage(line, total.damaged).copy(buffer, used) : buffer.write(line, used);
    buffer[used++] = 10;
    total.lines += 1;
    if (isDamaged) total.damaged += 1;
    if (used >= CHUNK) flush();
  }
  flush();
  closeSync(file);
  return total;
}

function lineOf(index, random) {
  const pick = (list) => list[(random() * list.length) | 0];
  const late = random() < 0.1 ? (random() * LATE_MS) | 0 : 0;
  const at = START + Math.floor((index * 1000) / RATE) - late;
  const host = HOSTS[(random() * random() * HOSTS.length) | 0];
  const bytes = (random() * 100_000) | 0;
  const seconds = secondsOf(random);
  const agent = JSON.stringify(pick(AGENTS));
  const path = pathOf(pick(PATHS), random);
  const user = random();
  const tail =
    (user < 0.7 ? `,"user":"u${(random() * 5000) | 0}"` : user < 0.8 ? ',"user":null' : '') +
    (random() < 0.6 ? `,"referer":"https://${pick(HOSTS)}/"` : '');
  const method = pick(METHODS);
  const status = pick(STATUSES);
  if (random() < 0.02) {
    return `{ "host": "${host}", "at": ${at}, "status": ${status}, "method": "${method}", "bytes": ${bytes}, "path": ${path}, "agent": ${agent}, "seconds": ${seconds}${tail} }`;
  }
  return `{"at":${at},"host":"${host}","method":"${method}","path":${path},"status":${status},"bytes":${bytes},"seconds":${seconds},"agent":${agent}${tail}}`;
}

/** Characters beyond ASCII as they are, or as escapes. */
function pathOf(path, random) {
  const text = JSON.stringify(path);
  if (random() < 0.8) return text;
  return text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As programs write them: short, long, with an exponent, whole. */
function secondsOf(random) {
  const value = random() * random() * 10;
  const kind = random();
  if (kind < 0.6) return value.toFixed(3);
  if (kind < 0.9) return String(value);
  return kind < 0.97 ? value.toExponential(5) : String(Math.round(value));
}

/** One of the ways in which logs are damaged. None of them is valid JSON for any reader. */
function damage(line, index) {
  const kinds = [
    () => Buffer.from(line.slice(0, line.length >> 1)),
    () => Buffer.from(line.replace(/"/g, "'")),
    () => Buffer.concat([Buffer.from(line.slice(0, -2)), Buffer.from([0xc3, 0x28, 0x22, 0x7d])]),
    () => Buffer.from(`${line}}`),
    () => Buffer.from(line.replace('"status":', '"status":0')),
    () => Buffer.from('-- MARK --'),
    () => Buffer.concat([Buffer.from([0, 0, 0]), Buffer.from(line)]),
  ];
  return kinds[index % kinds.length]();
}

/** Marsaglia's xorshift32: 0 <= x < 1, the same everywhere. */
function randomOf(seed) {
  let x = seed | 0;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}
