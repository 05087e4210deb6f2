/** One connection of a sender: bytes as they are told, and what is answered. */

import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

const LIMIT_MS = 10_000;

/**
 * @param steps - bytes to write; `answer`: wait for some; `end`: end the sending side; `reset`: hang up
 * @returns all that came back until the connection was closed
 */
export async function exchanged(port, steps, { host = '127.0.0.1', until = () => false, limitMs = LIMIT_MS } = {}) {
  const socket = connect({ port, host, allowHalfOpen: true });
  let answer = Buffer.alloc(0);
  let told;
  const closed = new Promise((resolve) => {
    socket.on('close', resolve);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      told?.();
      if (until(answer)) socket.destroy();
    });
    socket.on('end', () => socket.end());
  });
  const limit = setTimeout(() => socket.destroy(new Error('no end')), limitMs);
  for (const step of steps) {
    if (socket.destroyed) break;
    if (step === 'end') socket.end();
    else if (step === 'reset') socket.resetAndDestroy();
    else if (step === 'answer') await Promise.race([new Promise((resolve) => (told = resolve)), closed]);
    else if (!socket.writableEnded) socket.write(step);
    await turn();
  }
  await closed;
  clearTimeout(limit);
  return answer;
}

/** The first answer that is final, once all of it is there. @returns { status, said }, or undefined */
export function answered(bytes) {
  const text = bytes.toString('latin1').replace(/^HTTP\/1\.1 100 [^]*?\r\n\r\n/, '');
  const [head, body] = text.split('\r\n\r\n', 2);
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1];
  if (status === undefined || body === undefined) return undefined;
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return body.length < length ? undefined : { status: Number(status), said: body.slice(0, length) };
}
