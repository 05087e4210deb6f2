/**
 * An HTTP server with few slots: `node slots-server.js SLOTS CALL_MS EVENT_MS`. A POST of N events takes CALL_MS + N x EVENT_MS
 * in one of SLOTS; others wait in order. Events are counted by their id, so that a lost or repeated one shows.
 *
 * Messages: `{ kind: 'slow', callMs }`, `{ kind: 'hold', forMs }` (nothing starts), `{ kind: 'count' }` and `{ kind: 'reset' }`.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counted, ToSlots } from '../tuning-real/protocol.ts';

interface Call {
  readonly body: Buffer;
  readonly response: ServerResponse;
}

const [slots = 8, usualMs = 10, eventMs = 0.1] = process.argv.slice(2).map(Number);
const waiting: Call[] = [];
let callMs = usualMs;
let busy = 0;
let isHeld = false;
let seen = new Set<number>();
let rows = 0;

const server = createServer((request, response) => gather(request, (body) => arrived({ body, response })));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', (message: ToSlots) => {
  if (message.kind === 'slow') callMs = message.callMs ?? usualMs;
  if (message.kind === 'hold') hold(message.forMs);
  if (message.kind === 'count') process.send?.({ rows, distinct: seen.size } satisfies Counted);
  if (message.kind === 'reset') {
    seen = new Set();
    rows = 0;
  }
});
process.on('disconnect', () => process.exit(0));

function gather(request: IncomingMessage, done: (body: Buffer) => void): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => done(Buffer.concat(parts)));
}

function arrived(call: Call): void {
  waiting.push(call);
  serve();
}

function serve(): void {
  while (busy < slots && !isHeld) {
    const call = waiting.shift();
    if (call === undefined) return;
    busy += 1;
    const ids = idsOf(call.body);
    setTimeout(
      () => {
        busy -= 1;
        rows += ids.length;
        for (const id of ids) seen.add(id);
        call.response.end();
        serve();
      },
      callMs + ids.length * eventMs,
    );
  }
}

function idsOf(body: Buffer): number[] {
  const lines = body.toString().trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { id: number }).id);
}

function hold(forMs: number): void {
  isHeld = true;
  setTimeout(() => {
    isHeld = false;
    serve();
  }, forMs);
}
