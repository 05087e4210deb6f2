/**
 * The SQL that is sent. Its only variable parts are identifiers, quoted, and names of types out of the catalogue; values
 * travel apart from it.
 */

import { quoted } from './identifier.ts';
import type { Column, Table } from './table.ts';

export type Conflict = 'update' | 'ignore' | undefined;

/** Connections are a sink's own: one such table in each, with all columns that the sink may write. */
const STAGING = 'daoflow_staging';

/**
 * One parameter per column: an array of texts. One prepared statement serves every number of rows, and no limit on
 * parameters is in the way. CPU time per row at 1024 rows a call, client + server, us: 4.3 + 3.7. As arrays of the columns'
 * types, which can carry neither arrays nor rows, 3.4 + 5.4; by `json_to_recordset` 3.2 + 7.1; as a VALUES list 11 + 4.3
 * (bench/micro/postgres.ts).
 */
export function insertStatement({ name }: Table, columns: readonly Column[], conflict: Conflict): string {
  const names = namesOf(columns);
  const arrays = columns.map((_, i) => `$${i + 1}::text[]`).join(', ');
  const values = columns.map((column) => `r.${quoted(column.name)}::${column.castTo}`).join(', ');
  const rows = `select ${values} from unnest(${arrays}) as r(${names})`;
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
