/**
 * The SQL that is sent. Its only variable parts are identifiers, quoted, and names of types out of the catalogue; values
 * travel apart from it.
 */

import type { Column, Table } from './table.ts';

export type Conflict = 'update' | 'ignore' | undefined;

/** Connections are a sink's own: one such table in each, with all columns that the sink may write. */
const STAGING = 'daoflow_staging';

/** An identifier, whatever its characters. NUL, which no identifier can have, is refused where options are read. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * One parameter per column: an array. One prepared statement serves every number of rows, and no limit on parameters is in
 * the way. From 256 rows on 1.3 to 2 times as fast as a VALUES list, and cheaper for the server than `json_to_recordset`
 * and than arrays of texts that are cast one by one (bench/micro/postgres.ts); these carry what has no arrays.
 */
export function insertStatement({ name }: Table, columns: readonly Column[], conflict: Conflict): string {
  const names = namesOf(columns);
  const arrays = columns.map(({ castTo, hasArrays }, i) => `$${i + 1}::${hasArrays ? castTo : 'text'}[]`).join(', ');
  const values = columns.map(
    ({ name: column, castTo, hasArrays }) => `r.${quoted(column)}${hasArrays ? '' : `::${castTo}`}`,
  );
  const rows = `select ${values.join(', ')} from unnest(${arrays}) as r(${names})`;
  return `insert into ${name} (${names}) ${rows}${onConflict(columns, conflict)}`;
}

export function copyStatement({ name }: Table, columns: readonly Column[]): string {
  return `copy ${name} (${namesOf(columns)}) from stdin`;
}

/**
 * COPY cannot update: rows go to a temporary table of the session, and from there on. Sent as one message, these
 * statements are one transaction, at whose end the temporary table is empty again.
 */
export function stagedCopyStatement(
  { name, columns: all }: Table,
  columns: readonly Column[],
  conflict: Conflict,
): string {
  const names = namesOf(columns);
  const shape = `select ${namesOf(all)} from ${name} with no data`;
  return [
    `create temp table if not exists ${STAGING} on commit delete rows as ${shape}`,
    `copy pg_temp.${STAGING} (${names}) from stdin`,
    `insert into ${name} (${names}) select ${names} from pg_temp.${STAGING}${onConflict(columns, conflict)}`,
  ].join('; ');
}

function onConflict(columns: readonly Column[], conflict: Conflict): string {
  if (conflict === undefined) return '';
  const key = columns.filter(({ isKey }) => isKey);
  const target = key.length === 0 ? '' : ` (${namesOf(key)})`;
  const updates = columns.filter(({ isKey }) => !isKey).map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`);
  const action = conflict === 'ignore' || updates.length === 0 ? 'nothing' : `update set ${updates.join(', ')}`;
  return ` on conflict${target} do ${action}`;
}

function namesOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => quoted(name)).join(', ');
}
