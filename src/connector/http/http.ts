import { objectOfOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';
import type { ByteSource } from '../../event/source.ts';
import { httpSink, type HttpSinkOptions } from './sink.ts';
import type { HttpSourceOptions } from './settings.ts';
import { httpSource } from './source.ts';

/**
 * With `port`, a source that takes events by POST; with `url`, a sink that sends them.
 *
 * @throws ConfigError when the options make no sense, or name both sides or neither
 * @example
 * flow('payments').from(http({ port: 8080, path: '/payments' })).to(http({ url: 'https://example.org/in' }))
 */
export function http(options: HttpSourceOptions): ByteSource;
export function http<E = unknown>(options: HttpSinkOptions): Sink<E>;
export function http(options: HttpSourceOptions | HttpSinkOptions): ByteSource | Sink<unknown> {
  objectOfOptions(options, 'http()');
  const isSink = 'url' in options;
  if (isSink === 'port' in options) {
    throw new ConfigError('http()', '`port` for a source or `url` for a sink', options);
  }
  return isSink ? httpSink(options) : httpSource(options);
}
