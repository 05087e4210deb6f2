/**
 * Rows of `npm run test:faults` about senders that open connections and send next to nothing: a good sender keeps its latency, the
 * process its size, and the slow ones are hung up on.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startListening } from '../../scripts/lib/suite.mjs';
import { missing, Poster } from './poster.mjs';

const SOCKETS = 2_000;
const MOST_GROWTH_MB = 50;
/** Where more than the default 1,024 connections are allowed: twice the headers that each may hold. */
const MOST_KB_EACH = 32;
/** Of the 95th percentile without them. */
const MOST_RATIO = 2;
const PHASE_MS = 3_000;
/** A request must be there within 15 s; a busy machine looks later. */
const HUNG_UP_MS = 30_000;
/** The connection of the good sender. */
const GOOD = 1;
/** In /proc/net/tcp. */
const ESTABLISHED = '01';
const HEAD = 'POST /events HTTP/1.1\r\nhost: localhost\r\n';
/** A header, an address and a body that do not end; the last one stays silent. */
const BEGINNINGS = [
  `${HEAD}x: `,
  'POST /',
  `${HEAD}content-type: application/json\r\ncontent-length: 1000\r\n\r\n`,
  '',
];

/** All 2,000 from one address, with the limits that there are by default; and where limits were raised so that all are taken. */
export async function slowSocketRows(tools) {
  await attacked({ ...tools, name: 'of one address', env: {}, addresses: 1 });
  await attacked({ ...tools, name: 'of 20 addresses, limits raised', env: { CONNECTIONS: '4096' }, addresses: 20 });
}

async function attacked({ folder, row, isQuick, name, env, addresses }) {
  const rounds = isQuick ? 1 : 3;
  const out = join(folder, `slow-${addresses}.ndjson`);
  const run = startListening('test/faults/posted.flow.mjs', { env: { OUT: out, ...env } });
  const port = await run.port;
  const good = new Poster(port);
  await posting(good, PHASE_MS / 4);
  const [calm, busy] = [[], []];
  let [calmMb, peakMb, mostOpen] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    calm.push(...(await posting(good, PHASE_MS)));
    if (round === 0) calmMb = rssMb(run.child.pid);
    const slow = new SlowSockets(port, addresses);
    busy.push(...(await posting(good, PHASE_MS)));
    mostOpen = Math.max(mostOpen, slow.open);
    peakMb = Math.max(peakMb, rssMb(run.child.pid));
    await slow.close();
  }
  const silent = new SlowSockets(port, addresses);
  const began = Date.now();
  await sleep(1_000);
  while (heldAt(port) > GOOD && Date.now() - began < HUNG_UP_MS) await good.post();
  const left = heldAt(port) - GOOD;
  await silent.close();
  good.close();
  run.child.kill('SIGTERM');
  const { code } = await run.ended;
  const { lost, repeated } = missing(good.taken, [readFileSync(out, 'utf8')]);
  const [calmMs, busyMs] = [p95(calm), p95(busy)];
  const growthMb = Math.round(peakMb - calmMb);
  const mostMb = Math.max(MOST_GROWTH_MB, (mostOpen * MOST_KB_EACH) / 1024);
  const isServed = Object.keys(good.statuses).every((status) => status === '202');
  row(
    `${SOCKETS.toLocaleString('en')} slow sockets ${name}: a good sender's p95 less than ${MOST_RATIO} times what it is without them`,
    code === 0 && isServed && busyMs < MOST_RATIO * calmMs && growthMb < mostMb && left + lost + repeated === 0,
    `${mostOpen} were open, p95 ${calmMs.toFixed(1)} -> ${busyMs.toFixed(1)} ms, ${growthMb} MB more at most, ${left} not hung up on after ${HUNG_UP_MS / 1000} s, lost ${lost}, repeated ${repeated}`,
  );
}

/** For a while. @returns the latencies of it */
async function posting(good, ms) {
  const from = good.latencies.length;
  for (const end = Date.now() + ms; Date.now() < end;) {
    await good.post();
    await sleep(2);
  }
  return good.latencies.slice(from);
}

/** As many as may be, most of them with a byte a second. */
class SlowSockets {
  #sockets;
  #timer;

  constructor(port, addresses) {
    this.#sockets = Array.from({ length: SOCKETS }, (_, i) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (i % addresses)}` });
      socket.on('error', () => undefined).resume();
      return socket.on('connect', () => socket.write(BEGINNINGS[i % BEGINNINGS.length]));
    });
    this.#timer = setInterval(() => {
      for (const [i, socket] of this.#sockets.entries()) {
        const isSilent = BEGINNINGS[i % BEGINNINGS.length] === '';
        if (!isSilent && socket.writable && !socket.connecting) socket.write('x');
      }
    }, 1_000);
  }

  get open() {
    return this.#sockets.filter((socket) => !socket.destroyed && !socket.connecting).length;
  }

  async close() {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await sleep(200);
  }
}

/**
 * Connections that whoever listens there holds. A client may think that it has one where there is none: of 2,000 at once some do
 * not fit the queue of those to be accepted, and are tried again by its kernel for a minute.
 */
function heldAt(port) {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const isHeld = ([, local, , state]) => local?.endsWith(end) && state === ESTABLISHED;
  return lines.filter((line) => isHeld(line.trim().split(/\s+/))).length;
}

function p95(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Infinity;
}

function rssMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
