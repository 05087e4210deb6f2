/** One connection of the sender: turns chunks of lines into bytes on the wire. */

import { connect, type Socket } from 'node:net';
import type { Transport } from './protocol.ts';
import { writeLines, type Template } from './workload.ts';

const MAX_LINE_BYTES = 80;
/** For the head of a request. */
const HEAD_BYTES = 160;
/** Bytes that the kernel has not taken yet, per connection; beyond that chunks wait, with their time stamps. */
const MAX_UNSENT_BYTES = 1024 * 1024;

export class Lane {
  readonly #socket: Socket;
  readonly #template: Template;
  readonly #transport: Transport;
  /** Buffers that the kernel is done with. */
  readonly #free: Buffer[] = [];
  /** The POST that has not been accepted yet. */
  #request: Buffer | undefined;
  sent = 0;
  /** Times that the server had no room. */
  refused = 0;

  static async open(port: number, transport: Transport, template: Template): Promise<Lane> {
    const lane = new Lane(port, transport, template);
    await new Promise((resolve) => lane.#socket.once('connect', resolve));
    return lane;
  }

  constructor(port: number, transport: Transport, template: Template) {
    this.#transport = transport;
    this.#template = template;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (answer: Buffer) => this.#answered(answer.toString('latin1')));
    this.#socket.on('error', failed);
  }

  get template(): Template {
    return this.#template;
  }

  get isFree(): boolean {
    return this.#request === undefined && this.#socket.writableLength < MAX_UNSENT_BYTES;
  }

  send(lines: number, stampUs: number): void {
    const buffer = this.#buffer(HEAD_BYTES + lines * MAX_LINE_BYTES);
    const bytes = writeLines(this.#template, this.sent, lines, buffer, HEAD_BYTES, stampUs);
    this.sent += lines;
    if (this.#transport === 'tcp') {
      this.#socket.write(buffer.subarray(HEAD_BYTES, HEAD_BYTES + bytes), () => void this.#free.push(buffer));
      return;
    }
    const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${bytes}\r\n\r\n`;
    const start = HEAD_BYTES - head.length;
    buffer.write(head, start, 'latin1');
    this.#request = buffer.subarray(start, HEAD_BYTES + bytes);
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#socket.end();
  }

  /** Events that found no room keep the time at which they were to leave. */
  #answered(answer: string): void {
    const status = Number(answer.split(' ', 2)[1]);
    if (status === 202) {
      this.#free.push(Buffer.from((this.#request as Buffer).buffer));
      this.#request = undefined;
    } else if (status === 429 || status === 503) {
      this.refused += 1;
      setTimeout(
        () => this.#socket.write(this.#request as Buffer),
        1000 * Number(/^retry-after: (\d+)/im.exec(answer)?.[1]),
      );
    } else failed(new Error(answer));
  }

  #buffer(bytes: number): Buffer {
    const last = this.#free.pop();
    return last !== undefined && last.length >= bytes ? last : Buffer.allocUnsafeSlow(bytes);
  }
}

function failed(error: unknown): void {
  console.error(error);
  process.exit(1);
}
