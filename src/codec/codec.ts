import type { Codec, CodecOptions } from './decoder.ts';
import type { Format } from '../event/source.ts';
import { csvCodec, type CsvCodecOptions } from './csv.ts';
import { jsonCodec } from './json.ts';
import { ndjsonCodec } from './ndjson.ts';

/** The codec of a format, with the format's own defaults. */
export function codecFor(format: Format, options: CodecOptions & Pick<CsvCodecOptions, 'header'>): Codec {
  switch (format) {
    case 'ndjson':
      return ndjsonCodec(options);
    case 'csv':
      return csvCodec(options);
    case 'tsv':
      return csvCodec({ ...options, delimiter: '\t' });
    case 'json':
      return jsonCodec(options);
  }
}
