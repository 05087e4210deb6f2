/** Node and Web streams as sources and sinks. */

import type { Duplex, Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import { FORMATS, type ByteSource, type EventSource, type Format, type Source } from '../../event/source.ts';
import type { LineFormat } from '../encode-lines.ts';
import { nameOption, wordOption } from '../options.ts';
import { nodeReader, webReader } from './read.ts';

export interface StreamOptions {
  readonly name?: string;
}

export interface ByteStreamOptions extends StreamOptions {
  /** What the bytes are; events are decoded from it, or written in it. */
  readonly format: Format;
}

export interface StreamSinkOptions extends StreamOptions {
  /** Writes lines of text; without it, events themselves (object mode). */
  readonly format?: LineFormat;
  /** Ends the stream when the flow has ended. Default true. */
  readonly end?: boolean;
}

/**
 * A stream as a source (what can be read) or as a sink (what can be written); a Duplex is both.
 * Byte streams need a `format`. A stream can be used by one run only.
 *
 * @throws ConfigError when it is not a stream, or a byte stream comes without `format`
 * @example
 * flow('upload').from(stream(request, { format: 'ndjson' })).to(stream(createWriteStream('out'), { format: 'ndjson' }))
 */
export function stream(readable: Readable | ReadableStream<Uint8Array>, options: ByteStreamOptions): ByteSource;
export function stream<E>(duplex: Duplex, options?: StreamOptions): EventSource<E> & Sink<E>;
export function stream<E>(readable: Readable | ReadableStream<E>, options?: StreamOptions): EventSource<E>;
export function stream<E>(writable: Writable | WritableStream<E>, options?: StreamSinkOptions): Sink<E>;
export function stream(
  target: unknown,
  options: StreamOptions & { readonly format?: Format; readonly end?: boolean } = {},
): Partial<Source<unknown> & Sink<unknown>> {
  knownOptions(options, 'stream()', ['name', 'format', 'end']);
  const format = options.format && wordOption<Format>(options.format, 'stream().format', FORMATS, 'ndjson');
  const name = nameOption(options.name, 'stream().name', 'stream');
  const sides = { ...sourceSide(target, name, format), ...sinkSide(target, name, format, options.end ?? true) };
  if (Object.keys(sides).length > 0) return { name, ...sides };
  throw new ConfigError('stream()', 'a Readable, Writable, ReadableStream or WritableStream', target);
}

function sourceSide(target: unknown, name: string, format: Format | undefined): object {
  if (isNodeReadable(target)) {
    if (format === undefined && !target.readableObjectMode) {
      throw new ConfigError(
        'stream().format',
        "'ndjson', 'csv', 'tsv' or 'json', as the stream is one of bytes",
        undefined,
      );
    }
    return nodeReader(target, name, format);
  }
  return isWebReadable(target) ? webReader(target, name, format) : {};
}

function sinkSide(target: unknown, name: string, format: Format | undefined, ends: boolean): object {
  const isWeb = isWebWritable(target);
  if (!isWeb && !isNodeWritable(target)) return {};
  if (!isWeb && format === undefined && !target.writableObjectMode) {
    if (isNodeReadable(target)) return {};
    throw new ConfigError('stream().format', "'ndjson' or 'csv', as the stream is one of bytes", undefined);
  }
  if (format === 'json') {
    if (isNodeReadable(target)) return {};
    throw new ConfigError('stream().format', "'ndjson' or 'csv' to write", format);
  }
  const limits = { maxConcurrency: 1 };
  // Writing is not among what every flow loads.
  const open = async () => {
    const { nodeWriter, webWriter } = await import('./write.ts');
    return (isWeb ? webWriter : nodeWriter)(target as never, name, format, ends);
  };
  return { limits, deadline: false, open };
}

function isNodeReadable(value: unknown): value is Readable {
  return has(value, 'read') && has(value, 'pipe') && (value as Readable).readable;
}

function isNodeWritable(value: unknown): value is Writable {
  return has(value, 'write') && has(value, 'cork') && (value as Writable).writable;
}

function isWebReadable(value: unknown): value is ReadableStream<unknown> {
  return has(value, 'getReader');
}

function isWebWritable(value: unknown): value is WritableStream<unknown> {
  return has(value, 'getWriter');
}

function has(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function';
}
