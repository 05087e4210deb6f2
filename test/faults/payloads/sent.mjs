/** What is sent to each source, and a line per payload of what was sent and answered: all that the checker gets. */

import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { csvBody, jsonBody, ndjsonBody } from './bodies.mjs';
import { httpWay } from './http-ways.mjs';
import { Random } from './random.mjs';
import { answered, exchanged } from './wire.mjs';

const SENDERS = 8;
/** Of what must wait: for room, or until it is written. */
const MOST_TRIES = 500;
const WAIT_MS = 20;
const NOTHING = Buffer.alloc(0);
const LINE_END = Buffer.from('\n');
const BODIES = { ndjson: ndjsonBody, json: jsonBody, csv: csvBody };

/**
 * One line per payload: its bytes; `rest`, which was sent and must not be found; what must come of it (`verdict`: http-ways.mjs, and
 * `beginning`: of what was sent, in order, up to a place that is not known); `isMiddle`: it follows another on its channel.
 */
export class Account {
  #out;

  constructor(path) {
    this.#out = createWriteStream(path);
  }

  add({ payload, name, format, verdict, hangsUp, statuses = [], body, rest = NOTHING, answer, isMiddle }) {
    const bytes = { body: body.toString('base64'), rest: rest.toString('base64') };
    this.#out.write(
      `${JSON.stringify({ payload, name, format, verdict, hangsUp, statuses, answer, isMiddle, ...bytes })}\n`,
    );
  }

  async close() {
    this.#out.end();
    await once(this.#out, 'finish');
  }
}

/** By HTTP, from eight senders, each again while it is told to wait; then one more, which is written after all others. */
export async function postAll(port, { seed, count, account, out }) {
  await byEight(count, async (payload) => {
    const random = new Random(seed + payload);
    const format = random.pick(['ndjson', 'ndjson', 'json', 'csv']);
    const way = httpWay(random, format, BODIES[format](random, payload));
    account.add({ payload, format, ...way, answer: await posted(port, way.steps) });
  });
  const last = Buffer.from(`{"id":"#${count}-0#"}`);
  const head = `POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${last.length}\r\n\r\n`;
  const answer = await posted(port, [Buffer.concat([Buffer.from(head), last])]);
  account.add({ payload: count, name: 'last', format: 'json', verdict: 'taken', hangsUp: false, body: last, answer });
  for (let i = 0; i < MOST_TRIES && !readFileSync(out).includes(last); i += 1) await sleep(WAIT_MS);
}

async function posted(port, steps) {
  for (let i = 0; ; i += 1) {
    const answer = answered(await exchanged(port, steps, { until: (bytes) => answered(bytes) !== undefined }));
    if (answer?.status !== 429 || i === MOST_TRIES) return answer;
    await sleep(WAIT_MS);
  }
}

/** Lines over TCP: one connection each, that ends well, in the middle of a record, or is reset. */
export function connectAll(port, { seed, count, account }) {
  return byEight(count, async (payload) => {
    const random = new Random(seed + payload);
    const isReset = random.once(8);
    const body = ndjsonBody(random, payload, { isNumbered: isReset });
    const at = random.below(body.length);
    const steps = random.once(2) ? [body.subarray(0, at), body.subarray(at)] : [body];
    await exchanged(port, [...steps, isReset ? 'reset' : 'end']);
    account.add({
      payload,
      name: isReset ? 'reset' : 'ended',
      format: 'ndjson',
      verdict: isReset ? 'beginning' : 'taken',
      body,
    });
  });
}

/** Files: plain and compressed, NDJSON and CSV, some of the compressed ones cut or with a wrong checksum. */
export function writeAll(folder, { seed, count, account }) {
  mkdirSync(folder);
  for (let payload = 0; payload < count; payload += 1) {
    const random = new Random(seed + payload);
    const way = random.pick(['plain', 'plain', 'compressed', 'cut', 'wrong checksum']);
    const format = way === 'cut' ? 'ndjson' : random.pick(['ndjson', 'csv']);
    const ending = way === 'wrong checksum' ? LINE_END : NOTHING;
    const body = Buffer.concat([BODIES[format](random, payload, { isNumbered: way === 'cut' }), ending]);
    let bytes = way === 'plain' ? body : gzipSync(body);
    if (way === 'cut') bytes = bytes.subarray(0, 20 + random.below(bytes.length - 20));
    if (way === 'wrong checksum') bytes[bytes.length - 8] ^= 1;
    writeFileSync(join(folder, `${payload}.${format}${way === 'plain' ? '' : '.gz'}`), bytes);
    account.add({ payload, name: way, format, verdict: way === 'cut' ? 'beginning' : 'taken', body });
  }
}

/** Into a pipe, cut anywhere; each payload ends its last line. */
export async function pipeAll(pipe, { seed, count, account }) {
  for (let payload = 0; payload < count; payload += 1) {
    const random = new Random(seed + payload);
    const body = Buffer.concat([ndjsonBody(random, payload), LINE_END]);
    const at = random.below(body.length);
    pipe.write(body.subarray(0, at));
    if (!pipe.write(body.subarray(at))) await once(pipe, 'drain');
    account.add({ payload, name: 'piped', format: 'ndjson', verdict: 'taken', body, isMiddle: payload > 0 });
  }
  pipe.end();
}

async function byEight(count, send) {
  let next = 0;
  const sender = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
}
