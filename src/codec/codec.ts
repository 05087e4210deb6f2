import type { Format } from '../event/source.ts';
import type { Codec, CodecOptions } from './decoder.ts';
import { ndjsonCodec } from './ndjson.ts';

/** The codec of a format. */
export function codecFor(_format: Format, options: CodecOptions): Codec {
  return ndjsonCodec(options);
}
