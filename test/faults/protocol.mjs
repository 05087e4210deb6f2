/**
 * Rows of `npm run test:faults` about what is no HTTP, or pretends to be: the server stays up and small, a good sender beside it is
 * answered, and nothing that was hidden in a request that can be read in two ways is taken.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startListening } from '../../scripts/lib/suite.mjs';
import { Random } from './payloads/random.mjs';
import { exchanged } from './payloads/wire.mjs';
import { missing, Poster } from './poster.mjs';

const SENDERS = 16;
/** Twice what bodies may take together (`maxInFlightBytes`). */
const MOST_GROWTH_MB = 128;
/** Until a connection must have been closed: longest time for a request, and some for a busy machine. */
const LIMIT_MS = 30_000;

/** @param payloads - a fifth of them are sent */
export async function protocolRows({ folder, row, payloads, fuzzSeed }) {
  const out = join(folder, 'protocol-out.ndjson');
  const run = startListening('test/faults/posted.flow.mjs', { env: { OUT: out } });
  const port = await run.port;
  const good = new Poster(port);
  for (let i = 0; i < 200; i += 1) await good.post();
  const before = rssMb(run.child.pid);
  const seen = { peakMb: before, stuck: 0, next: 0 };
  const count = Math.ceil(payloads / 5);
  const attack = async () => {
    while (seen.next < count) {
      const steps = attackOf(new Random(fuzzSeed + seen.next++));
      const began = Date.now();
      await exchanged(port, steps, { limitMs: LIMIT_MS });
      if (Date.now() - began >= LIMIT_MS) seen.stuck += 1;
    }
  };
  const attacks = Promise.all(Array.from({ length: SENDERS }, attack)).then(() => (seen.isOver = true));
  while (seen.isOver !== true && run.child.exitCode === null) {
    await good.post();
    seen.peakMb = Math.max(seen.peakMb, rssMb(run.child.pid));
  }
  await attacks;
  good.close();
  run.child.kill('SIGTERM');
  const { code } = await run.ended;
  const text = readFileSync(out, 'utf8');
  const { lost, repeated } = missing(good.taken, [text]);
  const smuggled = text.split(SMUGGLED).length - 1;
  const growthMb = Math.round(seen.peakMb - before);
  const isServed = Object.keys(good.statuses).every((status) => status === '202' || status === '429');
  row(
    `${count.toLocaleString('en')} connections of garbage, endless and two-faced requests: the server stays up and small, others are served`,
    code === 0 && isServed && seen.stuck + smuggled + lost + repeated === 0 && growthMb < MOST_GROWTH_MB,
    `a good sender was answered ${JSON.stringify(good.statuses)}, ${growthMb} MB more at most, smuggled ${smuggled}, not hung up on ${seen.stuck}, lost ${lost}, repeated ${repeated}`,
  );
}

function rssMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Must never be taken. */
const SMUGGLED = '"n":-666';
const HIDDEN = `POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{${SMUGGLED}}`;
const HEAD = 'POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

/** Two readings of where a request ends: a proxy in front may have the one, and the server the other. */
const TWO_FACED = [
  `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`,
  `${HEAD}content-length: 0\r\ncontent-length: 5\r\n\r\n`,
  `${HEAD}content-length: 0, 5\r\n\r\n`,
  `${HEAD}content-length: +0\r\n\r\n`,
  `${HEAD}content-length : 0\r\n\r\n`,
  `${HEAD}content-length: 0\r\ntransfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding: \u000bchunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding\u0000: chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}x: y\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}x: y\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${HEAD}transfer-encoding: chunked\r\n\r\n0\n\n`,
  `${HEAD}transfer-encoding: chunked\r\n\r\n0;x\n\r\n\r\n`,
  `${HEAD}transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n`,
  `${HEAD}transfer-encoding: chunked\r\n\r\n10000000000000000\r\n\r\n`,
  `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{\r\r\n0\r\n\r\n`,
];

const OTHERS = [
  Buffer.from('160301020001000001fc0303', 'hex'), // TLS
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
  'CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n',
  'HEAD /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'POST http://evil.example/events HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n',
  'GET /\r\n\r\n',
  'POST /events HTTP/9.9\r\n\r\n',
  'POST /events\u0000 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  `${HEAD}expect: 200-maybe\r\ncontent-length: 2\r\n\r\n{}`,
];

/** What never ends by itself. */
const ENDLESS = [
  () => [HEAD, ...Array.from({ length: 100 }, (_, i) => `x-${i}: ${'y'.repeat(1_000)}\r\n`)],
  () => [HEAD, Array.from({ length: 5_000 }, (_, i) => `x${i}:\r\n`).join('')],
  () => [`POST /${'x'.repeat(100_000)} HTTP/1.1\r\n`],
  () => ['x'.repeat(1_000_000)],
  () => ['\r\n'.repeat(100_000)],
  () => [`${HEAD}transfer-encoding: chunked\r\n\r\n`, ...Array.from({ length: 300 }, () => '1\r\n \r\n'.repeat(1_000))],
  () => [`${HEAD}transfer-encoding: chunked\r\n\r\n`, ...Array.from({ length: 100 }, () => `1;${'x'.repeat(10_000)}\r\n \r\n`)],
  () => [`${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n \r\n0\r\n`, ...Array.from({ length: 100 }, () => `x: ${'y'.repeat(1_000)}\r\n`)],
  () => [`${HEAD}transfer-encoding: chunked\r\n\r\n${'0'.repeat(200_000)}`],
  () => [`${HEAD}content-length: 9007199254740991\r\n\r\n`, ...Array.from({ length: 100 }, () => ' '.repeat(100_000))],
  () => [...Array.from({ length: 100 }, () => 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(50)), 'end'],
]; // prettier-ignore

function attackOf(random) {
  const kind = random.below(10);
  if (kind < 3) return [random.pick(TWO_FACED) + HIDDEN, ...(random.once(2) ? ['end'] : [])];
  if (kind < 4) return [random.pick(OTHERS), 'end'];
  if (kind < 5) return [...random.pick(ENDLESS)(), random.pick(['reset', 'end'])];
  if (kind < 7) return [Buffer.from(Array.from({ length: 1 + random.below(2_000) }, () => random.below(256))), 'end'];
  return [damaged(random), random.pick(['end', 'reset'])];
}

/** A good request with a few bytes of its head changed, repeated or left out. */
function damaged(random) {
  let bytes = Buffer.from(`${HEAD}content-length: 2\r\nconnection: close\r\n\r\n[]`);
  for (let i = 1 + random.below(6); i > 0; i -= 1) {
    const at = random.below(bytes.length);
    const to = at + random.below(8);
    const instead = random.pick([
      Buffer.alloc(0),
      Buffer.from([random.below(256)]),
      bytes.subarray(at, to),
      Buffer.from('\r\n'),
    ]);
    bytes = Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(random.once(2) ? at : to)]);
  }
  return bytes;
}
