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
  const body = new Collected();
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
    if (body.length + bytes.length > maxBodyBytes) finish({ kind: 'tooLarge' });
    else if (!hold(bytes.length)) finish({ kind: 'noRoom' });
    else body.add(bytes);
  };
  content.on('data', take);
  content.on('end', () => finish({ kind: 'body', bytes: body.bytes }));
  content.on('error', (error) => {
    if (content === request) finish({ kind: 'gone' });
    else finish({ kind: 'damaged', reason: `the gzip body is damaged: ${messageOf(error)}` });
  });
  request.on('error', () => finish({ kind: 'gone' }));
  request.on('close', () => {
    if (!request.complete) finish({ kind: 'gone' });
  });
}

/**
 * The bytes so far. What comes in many pieces is copied together at once: kept apart, pieces of one byte each would take a
 * hundred times what they hold. Memory: at most twice `length`.
 */
class Collected {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The first piece is kept as it is: most bodies have no other. */
  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) this.#bytes = piece;
    else this.#append(piece, length);
    this.#length = length;
  }

  #append(piece: Buffer, length: number): void {
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.bytes.copy(grown);
      this.#bytes = grown;
    }
    piece.copy(this.#bytes, this.#length);
  }
}
