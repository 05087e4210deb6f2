import { ConnectorError, messageOf } from '../errors/errors.ts';

export type LineFormat = 'ndjson' | 'csv';

export interface EncodeOptions {
  /** CSV: the fields to write, in order. Default: those of the first event. */
  readonly columns?: readonly string[] | undefined;
  /** CSV: between fields. Default a comma. */
  readonly delimiter?: string | undefined;
}

/** Events as lines of text; each event is one line (a quoted CSV field may hold line ends). */
export interface LineEncoder {
  /** CSV: the header line, known once the columns are; empty for NDJSON. */
  header(events: readonly unknown[]): string;
  /** @throws ConnectorError for an event that the format cannot hold */
  encode(events: readonly unknown[]): string;
}

/** @param connector - named in errors */
export function lineEncoder(format: LineFormat, connector: string, options: EncodeOptions = {}): LineEncoder {
  return format === 'ndjson' ? ndjsonEncoder(connector) : csvEncoder(options);
}

function ndjsonEncoder(connector: string): LineEncoder {
  return {
    header: () => '',
    encode: (events) => {
      let text = '';
      for (const event of events) text += `${jsonOf(event, connector)}\n`;
      return text;
    },
  };
}

/** JSON text of one event. @throws ConnectorError when it has none (a BigInt, a cycle, a function) */
export function jsonOf(event: unknown, connector: string): string {
  const text = stringify(event, connector);
  if (text !== undefined) return text;
  throw new ConnectorError(connector, `an event cannot be written as JSON: it is ${typeof event}`);
}

/** The types of the language say that the result is always a text; for a function it is not. */
function stringify(event: unknown, connector: string): string | undefined {
  try {
    return JSON.stringify(event);
  } catch (cause) {
    throw new ConnectorError(connector, `an event cannot be written as JSON: ${messageOf(cause)}`, { cause });
  }
}

function csvEncoder(options: EncodeOptions): LineEncoder {
  const delimiter = options.delimiter ?? ',';
  let columns = options.columns;
  const columnsOf = (events: readonly unknown[]): readonly string[] => (columns ??= fieldsOf(events[0]));
  const row = (cells: readonly unknown[]): string => cells.map((cell) => csvCell(cell, delimiter)).join(delimiter);
  return {
    header: (events) => `${row(columnsOf(events))}\n`,
    encode: (events) => {
      const fields = columnsOf(events);
      let text = '';
      for (const event of events) {
        const record = (event ?? {}) as Readonly<Record<string, unknown>>;
        text += `${row(fields.map((field) => (Object.hasOwn(record, field) ? record[field] : '')))}\n`;
      }
      return text;
    },
  };
}

function fieldsOf(event: unknown): readonly string[] {
  return typeof event === 'object' && event !== null ? Object.keys(event) : ['value'];
}

function csvCell(value: unknown, delimiter: string): string {
  if (value === null || value === undefined || typeof value === 'function' || typeof value === 'symbol') return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isPlain = !text.includes(delimiter) && !/["\r\n]/.test(text);
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}
