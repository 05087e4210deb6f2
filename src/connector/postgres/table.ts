/** The table as the catalogue describes it, checked against what is to be written. */

import { ConnectorError } from '../../errors/errors.ts';
import { fieldOf, type Binding, type PostgresSettings, type TableName } from './settings.ts';
import { quoted } from './identifier.ts';
import type { ValueColumn, ValueKind } from './values.ts';

/** A column to write. */
export interface Column extends ValueColumn {
  readonly read: Binding['read'];
  /** To cast a text to; without a length, since a cast to one cuts what is too long. */
  readonly castTo: string;
  /** What an event without a value gets; otherwise NULL. */
  readonly hasDefault: boolean;
  readonly isKey: boolean;
}

export interface Table {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly columns: readonly Column[];
}

/** What `DESCRIBE_TABLE` gives. */
export interface TableDescription {
  readonly schema: string;
  readonly table: string;
  readonly relkind: string;
  readonly mayInsert: boolean;
  readonly mayUpdate: boolean;
  readonly user: string;
  readonly columns: readonly ColumnDescription[];
  /** Columns of each unique index that a conflict can be found by. */
  readonly uniqueKeys: readonly (readonly string[])[];
}

interface ColumnDescription {
  readonly name: string;
  readonly type: string;
  readonly castTo: string;
  /** `typname` and `typcategory` of the type; of its elements for an array, of its base for a domain. */
  readonly baseName: string;
  readonly category: string;
  readonly isArray: boolean;
  readonly hasDefault: boolean;
  readonly isGenerated: boolean;
}

/** One parameter: the quoted name. No row when there is no such table. */
export const DESCRIBE_TABLE: string = `
select n.nspname as schema, c.relname as table, c.relkind, current_user as user,
  has_any_column_privilege(c.oid, 'insert') as "mayInsert",
  has_any_column_privilege(c.oid, 'update') as "mayUpdate",
  (select coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'castTo', format_type(a.atttypid, -1),
      'baseName', e.typname, 'category', e.typcategory, 'isArray', b.typcategory = 'A',
      'hasDefault', a.atthasdef or a.attidentity <> '',
      'isGenerated', a.attgenerated <> '' or a.attidentity = 'a') order by a.attnum), '[]')
    from pg_catalog.pg_attribute a
    cross join lateral (
      with recursive base as (
        select * from pg_catalog.pg_type t where t.oid = a.atttypid
        union all
        select t.* from base join pg_catalog.pg_type t on t.oid = base.typbasetype)
      select * from base where typbasetype = 0) b
    join pg_catalog.pg_type e on e.oid = case when b.typcategory = 'A' then b.typelem else b.oid end
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg((
      select json_agg(a.attname) from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1]))), '[]')
    from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
      and i.indpred is null and i.indexprs is null) as "uniqueKeys"
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = to_regclass($1)::oid`;

export function searchedName({ schema, table }: TableName): string {
  return schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`;
}

/** @throws ConnectorError that says what the table lacks, and the SQL that adds it */
export function checkedTable(found: TableDescription | undefined, settings: PostgresSettings): Table {
  const searched = searchedName(settings.table);
  if (found === undefined) {
    const where = settings.table.schema === undefined ? ' in the search path' : '';
    throw problem(settings, `there is no table ${searched}${where}. Create it, or correct the table or the url`);
  }
  const name = `${quoted(found.schema)}.${quoted(found.table)}`;
  if (!['r', 'p', 'f', 'v'].includes(found.relkind)) throw problem(settings, `${name} is not a table`);
  const bindings = settings.bindings ?? allBindings(found);
  const columns = bindings.map((binding) => columnOf(binding, name, found, settings));
  checkKey(columns, name, found, settings);
  checkPrivileges(name, found, settings);
  return { name, columns };
}

/** A generated column cannot be written; all others can hold the field of their name. */
function allBindings({ columns }: TableDescription): readonly Binding[] {
  return columns.filter(({ isGenerated }) => !isGenerated).map(({ name }) => ({ column: name, read: fieldOf(name) }));
}

function columnOf(binding: Binding, table: string, found: TableDescription, settings: PostgresSettings): Column {
  const description = found.columns.find(({ name }) => name === binding.column);
  if (description === undefined) {
    const fix = `alter table ${table} add column ${quoted(binding.column)} ...`;
    throw problem(
      settings,
      `${table} has no column ${quoted(binding.column)}; ${listed(found)}. Correct columns, or: ${fix}`,
    );
  }
  if (description.isGenerated) {
    throw problem(settings, `${table} makes column ${quoted(binding.column)} itself. Leave it out of columns`);
  }
  const { name, type, castTo, isArray, hasDefault } = description;
  const isKey = settings.key.includes(name);
  return { read: binding.read, name, type, castTo, isArray, hasDefault, kind: kindOf(description), isKey };
}

function kindOf({ baseName, category }: ColumnDescription): ValueKind {
  if (baseName === 'json' || baseName === 'jsonb') return 'json';
  if (category === 'D') return 'time';
  return category === 'N' || category === 'B' ? 'scalar' : 'text';
}

function checkKey(
  columns: readonly Column[],
  table: string,
  found: TableDescription,
  settings: PostgresSettings,
): void {
  const { key } = settings;
  if (key.length === 0) return;
  const absent = key.find((name) => !columns.some((column) => column.name === name));
  if (absent !== undefined) {
    throw problem(settings, `the key column ${quoted(absent)} is not written; ${listed(found)}. Add it to columns`);
  }
  const isUnique = found.uniqueKeys.some(
    (names) => names.length === key.length && names.every((one) => key.includes(one)),
  );
  if (isUnique) return;
  const names = key.map(quoted).join(', ');
  throw problem(
    settings,
    `${table} has no unique index on the key (${names}). Create one: create unique index on ${table} (${names})`,
  );
}

function checkPrivileges(table: string, found: TableDescription, settings: PostgresSettings): void {
  const { user } = found;
  if (!found.mayInsert)
    throw problem(settings, `user ${user} may not insert: grant insert on ${table} to ${quoted(user)}`);
  if (settings.onConflict === 'update' && !found.mayUpdate) {
    throw problem(settings, `user ${user} may not update: grant update on ${table} to ${quoted(user)}`);
  }
}

function listed({ columns }: TableDescription): string {
  return `it has ${columns.map(({ name }) => name).join(', ')}`;
}

function problem({ name, server }: PostgresSettings, message: string): ConnectorError {
  return new ConnectorError(name, `${message} (${server.address}).`);
}
