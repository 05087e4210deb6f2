/** Rows in COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". */

const SPECIAL = /[\\\n\r\t]/;
const ALL_SPECIAL = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** @param columns - indices into each row's values, in the order of the statement's columns */
export function copyText(
  rows: readonly { readonly values: readonly (string | null | undefined)[] }[],
  columns: readonly number[],
): Buffer {
  let text = '';
  for (const { values } of rows) {
    for (let i = 0; i < columns.length; i += 1) {
      if (i > 0) text += '\t';
      const value = values[columns[i] as number];
      text += value === null || value === undefined ? '\\N' : escaped(value);
    }
    text += '\n';
  }
  return Buffer.from(text);
}

function escaped(value: string): string {
  return SPECIAL.test(value) ? value.replaceAll(ALL_SPECIAL, (found) => ESCAPES[found] ?? found) : value;
}
