import type { Format } from '../../event/source.ts';

export interface FileFormat {
  readonly format: Format;
  readonly isCompressed: boolean;
}

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  log: 'ndjson',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
};

/** What a file's name says of its content; undefined format when it says nothing. */
export function formatOfName(path: string): Omit<FileFormat, 'format'> & { readonly format: Format | undefined } {
  const isCompressed = /\.gz$/i.test(path);
  const name = isCompressed ? path.slice(0, -'.gz'.length) : path;
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  const format = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
  return { format, isCompressed };
}
