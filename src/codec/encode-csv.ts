/**
 * Events to CSV after RFC 4180: a header, CRLF or LF, quotes where needed.
 *
 * Invariants
 * - What the CSV decoder reads back are the same strings; content is never changed, not even where a
 *   spreadsheet would take it for a formula.
 * - Columns are fixed by the header: a missing field is empty, one that has no column is counted in
 *   `ignoredFields`, never written in a wrong place.
 */
import { ConfigError } from '../errors/errors.ts';

export interface CsvEncoderOptions {
  /** Names and order of the columns. Default: the fields of the first event. */
  readonly columns?: readonly string[] | undefined;
  /** One ASCII character. Default: a comma. */
  readonly delimiter?: string | undefined;
  /** False where the file has its header already. Default true. */
  readonly header?: boolean | undefined;
  /** Default '\n', which every reader takes; RFC 4180 has '\r\n'. */
  readonly lineEnd?: '\n' | '\r\n' | undefined;
}

export class CsvEncoder {
  #columns: readonly string[] | undefined;
  #needsHeader: boolean;
  readonly #delimiter: string;
  readonly #lineEnd: string;
  readonly #special: RegExp;
  /** Fields met that no column holds. */
  ignoredFields = 0;

  constructor(options: CsvEncoderOptions = {}) {
    const { columns, delimiter = ',', header = true, lineEnd = '\n' } = options;
    if (!/^[\0-\x7f]$/.test(delimiter) || '"\r\n'.includes(delimiter)) {
      throw new ConfigError('csv.delimiter', 'one ASCII character other than a quote or a line end', delimiter);
    }
    if (columns?.length === 0) throw new ConfigError('csv.columns', 'at least one column', columns);
    this.#columns = columns;
    this.#needsHeader = header;
    this.#delimiter = delimiter;
    this.#lineEnd = lineEnd;
    this.#special = new RegExp(`["\\r\\n\\x${delimiter.charCodeAt(0).toString(16).padStart(2, '0')}]`);
  }

  /** The rows of all events, after the header if this is the beginning. */
  encode(events: readonly unknown[]): Buffer {
    let text = '';
    for (const event of events) {
      this.#columns ??= Object.keys(Object(event) as object);
      if (this.#needsHeader) text += this.#row(this.#columns);
      this.#needsHeader = false;
      text += this.#eventRow(event, this.#columns);
    }
    return Buffer.from(text);
  }

  #eventRow(event: unknown, columns: readonly string[]): string {
    const fields = Object(event) as Record<string, unknown>;
    for (const name in fields) if (!columns.includes(name)) this.ignoredFields += 1;
    return this.#row(columns.map((name) => (Object.hasOwn(fields, name) ? fields[name] : undefined)));
  }

  #row(values: readonly unknown[]): string {
    const row = values.map((value) => this.#field(textOf(value))).join(this.#delimiter);
    // An empty line would be no record at all.
    return `${row === '' ? '""' : row}${this.#lineEnd}`;
  }

  #field(text: string): string {
    return this.#special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
}

/** Null and undefined are empty, dates ISO 8601, everything that is not a scalar JSON. */
function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return '';
      return value instanceof Date ? value.toISOString() : JSON.stringify(value);
    default:
      return '';
  }
}
