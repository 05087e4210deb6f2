import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { messageOf } from '../../errors/errors.ts';

export type Received =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'tooLarge' }
  /** Too many bytes of other bodies are held. */
  | { readonly kind: 'noRoom' }
  | { readonly kind: 'damaged'; readonly reason: string }
  /** The sender went away before the end: nobody to answer. */
  | { readonly kind: 'gone' };

export interface ReceiveOptions {
  /** After decompression. */
  readonly maxBodyBytes: number;
  /** Asked before bytes are kept; false refuses them. */
  readonly hold: (bytes: number) => boolean;
  /** Called once. */
  readonly done: (received: Received) => void;
}

/** Receives a whole body, decompressed, within bounds. */
export function receive(request: IncomingMessage, { maxBodyBytes, hold, done }: ReceiveOptions): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const isGzip = request.headers['content-encoding'] === 'gzip';
  const content: Readable = isGzip ? request.pipe(createGunzip()) : request;
  const finish = (received: Received): void => {
    if (isDone) return;
    isDone = true;
    content.removeListener('data', take);
    if (content !== request) {
      request.unpipe();
      content.destroy();
    }
    done(received);
  };
  const take = (bytes: Buffer): void => {
    length += bytes.length;
    if (length > maxBodyBytes) finish({ kind: 'tooLarge' });
    else if (!hold(bytes.length)) finish({ kind: 'noRoom' });
    else chunks.push(bytes);
  };
  content.on('data', take);
  content.on('end', () => {
    const [only] = chunks;
    finish({ kind: 'body', bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length) });
  });
  content.on('error', (error) => {
    if (content === request) finish({ kind: 'gone' });
    else finish({ kind: 'damaged', reason: `the gzip body is damaged: ${messageOf(error)}` });
  });
  request.on('error', () => finish({ kind: 'gone' }));
  request.on('close', () => {
    if (!request.complete) finish({ kind: 'gone' });
  });
}
