/**
 * Reads a descriptor such as that of standard input, so that it works in a worker thread, where `process.stdin` is only a
 * copy relayed by the main thread.
 *
 * Pipes, sockets and terminals go through the event loop, not through `fs.read`: a pending `fs.read`
 * of a silent pipe keeps the process, or `worker.terminate()`, from ending until more input comes; and it
 * costs three times as much (41 against 15 ns of CPU per 66-byte line). Files, and what the loop cannot
 * poll, are read with `fs`.
 */

import { fstatSync, read } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { isatty, ReadStream } from 'node:tty';
import type { SourceContext } from '../../event/source.ts';
import type { RecordEnd } from '../record-end.ts';
import type { ReusedBuffer } from '../reused-buffer.ts';
import { systemCode } from '../system-failure.ts';
import { onAbort, pause } from '../waiting.ts';

const CHUNK_BYTES = 256 * 1024;
/** A descriptor that another program made non-blocking is asked again after this time, ms. */
const AGAIN_MS = 5;

export interface Reading {
  readonly fd: number;
  readonly name: string;
  readonly record: RecordEnd;
  readonly context: SourceContext;
}

/** Until its end, or the record that is open at an abort. */
export function readDescriptor(reading: Reading): Promise<void> {
  const { fd, name, context } = reading;
  if (isatty(fd)) {
    context.notice('info', `${name}: reading from the terminal; end with Ctrl-D (Windows: Ctrl-Z, Enter)`);
    return readStream(new ReadStream(fd), reading);
  }
  return isPollable(fd) ? readSocket(reading) : readBlocking(reading);
}

/** A pipe or a socket. Windows does not tell of every pipe: what it does not know is read with `fs`. */
function isPollable(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isSocket();
  } catch (error) {
    if (systemCode(error) === 'EBADF') throw error;
    return false;
  }
}

/** One buffer for all reads: the channel is done with a chunk when `write` returns. */
function readSocket(reading: Reading): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const options: ReusedBuffer & SocketConstructorOpts = {
    fd: reading.fd,
    readable: true,
    writable: false,
    onread: { buffer, callback: (length) => hand(buffer.subarray(0, length), reading, socket) },
  };
  const socket = new Socket(options);
  socket.resume();
  return untilEnd(socket, reading);
}

function readStream(stream: Socket, reading: Reading): Promise<void> {
  stream.on('data', (bytes: Buffer) => void hand(bytes, reading, stream));
  return untilEnd(stream, reading);
}

/** @returns false when the stream must pause */
function hand(bytes: Uint8Array, { record, context }: Reading, stream: Socket): boolean {
  if (context.signal.aborted) {
    record.finish(bytes);
    stream.destroy();
    return false;
  }
  const blocked = record.write(bytes);
  if (blocked === undefined) return true;
  stream.pause();
  void blocked.then(() => stream.resume());
  return false;
}

function untilEnd(stream: Socket, { context }: Reading): Promise<void> {
  return new Promise((resolve, reject) => {
    // What is open is finished with bytes that are there already; silence is not waited for.
    const forget = onAbort(context.signal, () => context.scheduler.soon(() => stream.destroy()));
    const settle = (done: () => void): void => {
      forget();
      done();
    };
    stream.on('error', (error) => settle(() => (systemCode(error) === 'EOF' ? resolve() : reject(error))));
    stream.on('end', () => settle(resolve));
    stream.on('close', () => settle(resolve));
  });
}

async function readBlocking({ fd, record, context }: Reading): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (;;) {
    const length = await readOnce(fd, buffer);
    if (length === 0) return;
    if (length === undefined) {
      await pause(context.scheduler, AGAIN_MS, context.signal);
      if (context.signal.aborted) return;
    } else if (context.signal.aborted) {
      if (record.finish(buffer.subarray(0, length))) return;
    } else {
      const blocked = record.write(buffer.subarray(0, length));
      if (blocked !== undefined) await blocked;
    }
  }
}

/** @returns bytes read, 0 at the end (Windows says EOF), undefined when there is nothing for now */
function readOnce(fd: number, buffer: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      const code = systemCode(error);
      if (error === null) resolve(length);
      else if (code === 'EOF') resolve(0);
      else if (code === 'EAGAIN') resolve(undefined);
      else reject(error);
    });
  });
}
