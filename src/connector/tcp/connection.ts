import type { Socket } from 'node:net';
import { messageOf } from '../../errors/errors.ts';
import type { ByteChannel, Format } from '../../event/source.ts';
import { RecordEnd } from '../record-end.ts';
import { readReused } from '../reused-buffer.ts';

export interface ConnectionOptions {
  readonly channel: ByteChannel;
  readonly format: Format;
  /** Shared with other connections. */
  readonly buffer: Uint8Array;
  /** 0: never. */
  readonly idleMs: number;
  readonly ended: (ending: Ending) => void;
}

export interface Ending {
  /** Why a record was cut off, when one was. */
  readonly lost: string | undefined;
}

/** One connection: open, then finishing (until its open record ends), then ended, once. */
export class Connection {
  readonly #socket: Socket;
  readonly #record: RecordEnd;
  readonly #options: ConnectionOptions;
  #state: 'open' | 'finishing' | 'ended' = 'open';

  /** @param accepted - paused on connect */
  constructor(accepted: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#record = new RecordEnd(options.channel, options.format);
    this.#socket = readReused(accepted, options.buffer, (bytes) => this.#take(bytes));
  }

  start(): void {
    const socket = this.#socket;
    socket.on('end', () => this.#end(undefined));
    socket.on('error', (error) => this.#end(`the connection broke (${messageOf(error)})`));
    socket.on('close', () => this.#end('the connection was closed'));
    if (this.#options.idleMs > 0) {
      socket.setTimeout(this.#options.idleMs, () => this.#end(`silent for ${this.#options.idleMs} ms`));
    }
    socket.resume();
  }

  /** Takes what belongs to the open record, then ends. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    if (this.#record.isBetween) this.#end(undefined);
    else this.#socket.resume();
  }

  /** Ends now. */
  cut(): void {
    this.#end('the run was stopped in the middle of this record');
  }

  #take(bytes: Uint8Array): boolean {
    if (this.#state === 'ended') return false;
    if (this.#state === 'finishing') {
      if (this.#record.finish(bytes)) this.#end(undefined);
      return true;
    }
    const blocked = this.#record.write(bytes);
    if (blocked === undefined) return true;
    this.#socket.pause();
    void blocked.then(() => {
      if (this.#state !== 'ended') this.#socket.resume();
    });
    return false;
  }

  #end(truncated: string | undefined): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    const lost = this.#record.isBetween ? undefined : truncated;
    this.#record.end(truncated);
    this.#socket.destroySoon();
    this.#options.ended({ lost });
  }
}
