/**
 * Connections on which something came that is no HTTP, or came too late.
 *
 * **Invariant** (test/integration/connector-http-unreadable.test.ts): a request that was read before it gets its own answer first. An answer that
 * overtakes it would tell the sender that its events were refused while they are taken.
 */

import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Of what Node's parser says, by its code; all else is a bad request. */
const STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

/** Answers them, each once, and closes them. Must be told of the server before it listens. */
export function refuseUnreadable(server: Server): void {
  const open = new WeakMap<Duplex, Set<ServerResponse>>();
  const refused = new WeakSet<Duplex>();
  const began = ({ socket }: { readonly socket: Duplex }, response: ServerResponse): void => {
    const ofSocket = open.get(socket) ?? new Set();
    open.set(socket, ofSocket.add(response));
    response.once('close', () => ofSocket.delete(response));
  };
  server.prependListener('request', began);
  server.prependListener('checkContinue', began);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (refused.has(socket)) return;
    refused.add(socket);
    const status = STATUS[error.code ?? ''] ?? '400 Bad Request';
    // One that is not complete is the one that cannot be read.
    const before = [...(open.get(socket) ?? [])].filter(({ req }) => req.complete);
    const last = before.at(-1);
    if (last === undefined) refuse(socket, status);
    else last.once('close', () => refuse(socket, status));
  });
}

function refuse(socket: Duplex, status: string): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
  else socket.destroy();
}
