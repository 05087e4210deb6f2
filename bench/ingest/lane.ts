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
  #awaitsAnswer = false;
  sent = 0;

  static async open(port: number, transport: Transport, template: Template): Promise<Lane> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Lane(socket, transport, template);
  }

  constructor(socket: Socket, transport: Transport, template: Template) {
    this.#socket = socket;
    this.#transport = transport;
    this.#template = template;
    socket.on('data', (answer: Buffer) => this.#answered(answer));
    socket.on('error', failed);
  }

  get template(): Template {
    return this.#template;
  }

  get isFree(): boolean {
    return !this.#awaitsAnswer && this.#socket.writableLength < MAX_UNSENT_BYTES;
  }

  send(lines: number, stampUs: number): void {
    const buffer = this.#buffer(HEAD_BYTES + lines * MAX_LINE_BYTES);
    const bytes = writeLines(this.#template, this.sent, lines, buffer, HEAD_BYTES, stampUs);
    this.sent += lines;
    let start = HEAD_BYTES;
    if (this.#transport === 'http') {
      const head = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${bytes}\r\n\r\n`;
      start -= head.length;
      buffer.write(head, start, 'latin1');
      this.#awaitsAnswer = true;
    }
    this.#socket.write(buffer.subarray(start, HEAD_BYTES + bytes), () => void this.#free.push(buffer));
  }

  close(): void {
    this.#socket.end();
  }

  #answered(answer: Buffer): void {
    if (!answer.toString('latin1', 0, 12).startsWith('HTTP/1.1 202')) failed(new Error(answer.toString('latin1')));
    this.#awaitsAnswer = false;
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
