/**
 * Ways to send a body by HTTP, right and wrong. Each gives the steps of one connection (bytes, or what is done to the socket), and
 * what must come of it:
 * - `taken`: answered 202 (or 400 with what was invalid): all of `body`; answered otherwise: nothing; not answered: either.
 * - `refused`: nothing of it, and an answer of `statuses`; of a body that is too long also 413, whatever else is wrong with it.
 * No answer is one only where the sender hangs up.
 */

import { gzipSync } from 'node:zlib';
import { MAX_BODY_BYTES } from './oracle.mjs';

const PATH = '/events';
const TYPES = {
  ndjson: ['application/x-ndjson', 'application/ndjson', 'Application/X-NDJSON; charset=utf-8', 'application/jsonl'],
  json: ['application/json', 'application/json;charset=UTF-8', ' application/json '],
  csv: ['text/csv', 'text/csv; header=present'],
};
const NO_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  '',
  ';',
  'constructor',
  '__proto__',
  'a'.repeat(5_000),
];
const OTHER_METHODS = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'];
const NO_LENGTHS = ['-1', '+5', '0x10', '1e3', '5, 5', '5 5', '99999999999999999999999', 'NaN', '١'];
const NO_CHUNK_SIZES = ['zz', '-5', '0x5', 'fffffffffffffffff', ' ', '5 5', '5;\u0000'];

/** @returns { name, verdict, hangsUp, statuses, steps, body, rest }: `rest` is sent, but must not be found */
export function httpWay(random, format, bytes) {
  const sent = new Sent(random, format, bytes);
  const [name, make] = random.pick(random.below(10) < 6 ? TAKEN : REFUSED);
  const made = make(sent, random);
  const { body = bytes, rest = Buffer.alloc(0), statuses = [400] } = made;
  const isTooLong = body.length > MAX_BODY_BYTES;
  const isTaken = TAKEN.some(([each]) => each === name) && !isTooLong;
  const hangsUp = made.steps.some((step) => step === 'end' || step === 'reset');
  const verdict = isTaken ? 'taken' : 'refused';
  return { name, verdict, hangsUp, statuses: isTooLong ? [...statuses, 413] : statuses, body, rest, steps: made.steps };
}

class Sent {
  constructor(random, format, bytes) {
    this.random = random;
    this.bytes = bytes;
    this.type = random.pick(TYPES[format]);
  }

  /** A request head. A header that is undefined is not sent; one may be given several times. */
  head({ method = 'POST', path = PATH, version = '1.1', ...headers } = {}) {
    const all = { host: 'localhost', 'content-type': this.type, ...headers };
    const lines = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\r\n`));
    return Buffer.from(`${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n`, 'latin1');
  }

  /** With a length. */
  whole(body = this.bytes, more = {}) {
    return Buffer.concat([this.head({ 'content-length': body.length, ...more }), body]);
  }

  inPieces(bytes) {
    const pieces = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + this.random.below(Math.max(1, bytes.length / 4));
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    return pieces;
  }

  /** Of chunked transfer, without the last, empty one. */
  chunks(bytes = this.bytes) {
    const extension = this.random.pick(['', '', ';a=b', ';a="b"']);
    return this.inPieces(bytes).map((piece) => {
      const size = this.random.once(2) ? piece.length.toString(16) : `0${piece.length.toString(16).toUpperCase()}`;
      return Buffer.concat([Buffer.from(`${size}${extension}\r\n`), piece, Buffer.from('\r\n')]);
    });
  }

  chunked(more = {}) {
    return [this.head({ 'transfer-encoding': 'chunked', ...more })];
  }
}

const GZIP = { 'content-encoding': 'gzip' };
const LAST = Buffer.from('0\r\n\r\n');

const TAKEN = Object.entries({
  'as it is': (sent) => ({ steps: [sent.whole()] }),
  'in pieces': (sent) => ({ steps: sent.inPieces(sent.whole()) }),
  chunked: (sent) => ({ steps: [...sent.chunked(), ...sent.chunks(), LAST] }),
  'chunked, with trailers': (sent) => ({
    steps: [...sent.chunked(), ...sent.chunks(), Buffer.from('0\r\nx-trailer: content-length: 5\r\n\r\n')],
  }),
  'said to be as it is': (sent) => ({ steps: [sent.whole(sent.bytes, { 'content-encoding': 'identity' })] }),
  compressed: (sent) => ({ steps: [sent.whole(gzipSync(sent.bytes), GZIP)] }),
  'compressed, chunked': (sent) => ({ steps: [...sent.chunked(GZIP), ...sent.chunks(gzipSync(sent.bytes)), LAST] }),
  'compressed in two members': (sent, random) => {
    const at = random.below(sent.bytes.length);
    const members = [sent.bytes.subarray(0, at), sent.bytes.subarray(at)].map((part) => gzipSync(part));
    return { steps: [sent.whole(Buffer.concat(members), GZIP)] };
  },
  'after 100 Continue': (sent) => ({
    steps: [sent.head({ 'content-length': sent.bytes.length, expect: '100-continue' }), 'answer', sent.bytes],
  }),
  'by HTTP/1.0': (sent) => ({ steps: [sent.whole(sent.bytes, { version: '1.0' })] }),
  'with a length that is too small': (sent, random) => {
    const at = 1 + random.below(sent.bytes.length);
    const steps = [Buffer.concat([sent.head({ 'content-length': at }), sent.bytes])];
    return { steps, body: sent.bytes.subarray(0, at), rest: sent.bytes.subarray(at) };
  },
  'hung up on once it is sent': (sent) => ({ steps: [sent.whole(), 'reset'] }),
});

const REFUSED = Object.entries({
  'cut off': (sent, random) => cutOff(sent.whole(), sent, random),
  'cut off, chunked': (sent, random) => cutOff(Buffer.concat([...sent.chunked(), ...sent.chunks()]), sent, random),
  'a length that is too large': (sent, random) => ({
    steps: [sent.head({ 'content-length': sent.bytes.length + 1 + random.below(100) }), sent.bytes, random.pick(['end', 'reset'])],
    statuses: [400],
  }),
  'a length that is too large, and silence': (sent, random) => ({
    steps: random.once(10) ? [sent.head({ 'content-length': sent.bytes.length + 1 }), sent.bytes] : [sent.head(), 'end'],
    statuses: [400, 408],
  }),
  'no end of chunks': (sent, random) => ({ steps: [...sent.chunked(), ...sent.chunks(), random.pick(['end', 'reset'])] }),
  'a chunk size that is none': (sent, random) => ({
    steps: [...sent.chunked(), ...sent.chunks(), Buffer.from(`${random.pick(NO_CHUNK_SIZES)}\r\n`), LAST],
  }),
  'a chunk that is longer than said': (sent) => ({
    steps: [...sent.chunked(), Buffer.from('1\r\n'), sent.bytes, Buffer.from('\r\n'), LAST],
  }),
  'gzip that is cut': (sent) => {
    const packed = gzipSync(sent.bytes);
    return { steps: [sent.whole(packed.subarray(0, sent.random.below(packed.length)), GZIP)] };
  },
  'gzip with a wrong checksum': (sent) => {
    const packed = gzipSync(sent.bytes);
    packed[packed.length - 8] ^= 1 + sent.random.below(255);
    return { steps: [sent.whole(packed, GZIP)] };
  },
  'gzip that is none': (sent) => ({ steps: [sent.whole(sent.bytes, GZIP)] }),
  'gzip that becomes too long': (sent) => ({
    steps: [sent.whole(gzipSync(Buffer.concat([sent.bytes, Buffer.alloc(2_000_000, '\n')])), GZIP)],
    statuses: [413],
  }),
  'too long': (sent) => ({
    steps: [sent.whole(Buffer.concat([sent.bytes, Buffer.alloc(220_000, '\n')]))],
    statuses: [413],
  }),
  'too long, chunked': (sent) => ({
    steps: [...sent.chunked(), ...sent.chunks(), ...sent.chunks(Buffer.alloc(220_000, '\n')), LAST],
    statuses: [413],
  }),
  'another encoding': (sent, random) => ({
    steps: [sent.whole(sent.bytes, { 'content-encoding': random.pick(['br', 'deflate', 'gzip, gzip', 'GZIP?', 'constructor']) })],
    statuses: [415],
  }),
  'another type': (sent, random) => ({ steps: [sent.whole(sent.bytes, { 'content-type': random.pick(NO_TYPES) })], statuses: [415] }),
  'another path': (sent, random) => ({
    steps: [sent.whole(sent.bytes, { path: random.pick(['/', '/event', '/events/', '/../events', '/EVENTS', '*', 'http://localhost/x']) })],
    statuses: [404],
  }),
  'another method': (sent, random) => ({
    steps: [sent.whole(sent.bytes, { method: random.pick(OTHER_METHODS) })],
    statuses: [405],
  }),
  'a foreign host': (sent) => ({ steps: [sent.whole(sent.bytes, { host: 'evil.example' })], statuses: [403] }),
  'no host': (sent) => ({ steps: [sent.whole(sent.bytes, { host: undefined })], statuses: [400, 403] }),
  'a foreign origin': (sent) => ({ steps: [sent.whole(sent.bytes, { origin: 'https://evil.example' })], statuses: [403] }),
  'a length and chunks': (sent) => ({
    steps: [...sent.chunked({ 'content-length': sent.bytes.length }), ...sent.chunks(), LAST],
  }),
  'two lengths': (sent) => ({ steps: [sent.whole(sent.bytes, { 'content-length': [sent.bytes.length, 5] })] }),
  'a length that is none': (sent, random) => ({
    steps: [sent.whole(sent.bytes, { 'content-length': Buffer.from(random.pick(NO_LENGTHS)).toString('latin1') })],
  }),
  'another transfer encoding': (sent, random) => ({
    steps: [sent.head({ 'transfer-encoding': random.pick(['gzip', 'chunked, gzip', 'xchunked', 'chunked\u000b']) }), ...sent.chunks(), LAST],
  }),
  'headers that are too long': (sent) => ({
    steps: [sent.whole(sent.bytes, { 'x-long': 'x'.repeat(20_000) })],
    statuses: [400, 431],
  }),
  'a header with a NUL': (sent) => ({ steps: [sent.whole(sent.bytes, { 'x-nul': 'a\u0000b' })] }),
  'a space before the colon': (sent) => ({ steps: [sent.whole(sent.bytes, { 'content-length ': sent.bytes.length })] }),
}); // prettier-ignore

/** Somewhere before its last byte. */
function cutOff(whole, sent, random) {
  return { steps: [whole.subarray(0, 1 + random.below(whole.length - 1)), random.pick(['end', 'reset'])] };
}
