/**
 * One CSV record: its text to fields, its fields to an event.
 *
 * Invariants
 * - Values are strings, empty where nothing stands; nothing is trimmed or interpreted.
 */

/** The fields of a record without its line end, or the reason why it has none. */
export function csvFields(text: string, delimiter: string): string[] | string {
  return text.includes('"') ? quotedFields(text, delimiter) : text.split(delimiter);
}

function quotedFields(text: string, delimiter: string): string[] | string {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    let end: number;
    if (text[at] === '"') {
      const quote = closingQuote(text, at);
      if (quote < 0) return 'a quoted field is not closed';
      end = quote + 1;
      if (end < text.length && text[end] !== delimiter)
        return `a quoted field is followed by ${JSON.stringify(text[end])}`;
      fields.push(text.slice(at + 1, quote).replaceAll('""', '"'));
    } else {
      const next = text.indexOf(delimiter, at);
      end = next < 0 ? text.length : next;
      fields.push(text.slice(at, end));
    }
    if (end >= text.length) return fields;
    at = end;
  }
}

function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

export type CsvEventBuilder = (values: readonly string[]) => Record<string, unknown>;

/** More columns than this and the loop is as good as the generated constructor. */
const MAX_GENERATED_COLUMNS = 128;

/**
 * Makes events of the columns `names`, or of those among them that `fields` wants, in column order.
 * Generated: a constructor of one hidden class, of our template and column numbers only.
 */
export function csvEventBuilder(
  names: readonly string[],
  options: { readonly fields: readonly string[] | undefined; readonly generateCode: boolean },
): CsvEventBuilder {
  const { fields, generateCode } = options;
  const columns = names.map((name, index) => ({ name, index })).filter(({ name }) => fields?.includes(name) ?? true);
  const isPlain = columns.every(({ name }) => !(name in Object.prototype));
  if (!generateCode || !isPlain || columns.length > MAX_GENERATED_COLUMNS)
    return (values) => assembled(columns, values);
  const stores = columns.map(({ index }, i) => `this[n${i}]=v[${index}];`).join('');
  const parameters = columns.map((_, i) => `n${i}`);
  // Names come in as arguments; the source is made of numbers only.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const factory = new Function(
    ...parameters,
    `'use strict';function E(v){${stores}}E.prototype=Object.prototype;return (v)=>new E(v);`,
  ) as (...names: string[]) => CsvEventBuilder;
  return factory(...columns.map(({ name }) => name));
}

function assembled(
  columns: readonly { readonly name: string; readonly index: number }[],
  values: readonly string[],
): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const { name, index } of columns) {
    // `__proto__` becomes a member like any other name.
    Object.defineProperty(event, name, { value: values[index], writable: true, enumerable: true, configurable: true });
  }
  return event;
}
