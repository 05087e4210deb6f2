import type { Codec, CodecOptions } from './decoder.ts';
import { csvCodec } from './csv.ts';
import { jsonCodec } from './json.ts';
import { ndjsonCodec } from './ndjson.ts';

/** The codec of a format, with the format's own defaults. */
export function codecFor(format: 'ndjson' | 'csv' | 'json', options: CodecOptions): Codec {
  switch (format) {
    case 'ndjson':
      return ndjsonCodec(options);
    case 'csv':
      return csvCodec(options);
    case 'json':
      return jsonCodec(options);
  }
}
