import { CsvEncoder } from '../codec/encode-csv.ts';
import { NdjsonEncoder } from '../codec/encode-ndjson.ts';
import { ConnectorError, messageOf } from '../errors/errors.ts';
import type { Format } from '../event/source.ts';

export type LineFormat = Exclude<Format, 'json'>;

export interface EncodeOptions {
  /** CSV and TSV: the fields to write, in order. Default: those of the first event. */
  readonly columns?: readonly string[] | undefined;
}

/** Events as lines; each event is one line (a quoted CSV field may hold line ends). */
export interface LineEncoder {
  /** @param isFirst - begins with the header line, where the format has one */
  encode(events: readonly unknown[], isFirst: boolean): Buffer;
}

/** @param connector - named in errors. @throws ConfigError for wrong columns */
export function lineEncoder(format: LineFormat, connector: string, options: EncodeOptions = {}): LineEncoder {
  return format === 'ndjson' ? ndjsonEncoder(connector) : csvEncoder(format === 'tsv' ? '\t' : ',', options);
}

/** @throws ConnectorError, on writing, for an event that has no JSON (a BigInt, a cycle) */
function ndjsonEncoder(connector: string): LineEncoder {
  const encoder = new NdjsonEncoder();
  return {
    encode: (events) => {
      try {
        return encoder.encode(events);
      } catch (cause) {
        throw hasNoJson(connector, messageOf(cause), cause);
      }
    },
  };
}

/** The columns stay those of the first event, also when a new file begins. */
function csvEncoder(delimiter: string, { columns }: EncodeOptions): LineEncoder {
  let known = columns;
  let rows = new CsvEncoder({ columns, delimiter, header: false });
  return {
    encode: (events, isFirst) => {
      if (known === undefined) {
        known = Object.keys(Object(events[0]) as object);
        rows = new CsvEncoder({ columns: known, delimiter, header: false });
      }
      return isFirst ? new CsvEncoder({ columns: known, delimiter }).encode(events) : rows.encode(events);
    },
  };
}

/** JSON text of one event. @throws ConnectorError when it has none (a BigInt, a cycle, a function) */
export function jsonOf(event: unknown, connector: string): string {
  const text = stringify(event, connector);
  if (text !== undefined) return text;
  throw hasNoJson(connector, `it is ${typeof event}`, undefined);
}

/** The types of the language say that the result is always a text; for a function it is not. */
function stringify(event: unknown, connector: string): string | undefined {
  try {
    return JSON.stringify(event);
  } catch (cause) {
    throw hasNoJson(connector, messageOf(cause), cause);
  }
}

/** It is that event's fault, not the connector's: the others of its batch are written. */
function hasNoJson(connector: string, why: string, cause: unknown): ConnectorError {
  return new ConnectorError(connector, `an event cannot be written as JSON: ${why}`, { aboutEvents: true, cause });
}
