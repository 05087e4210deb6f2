import { describe, expect, it } from 'vitest';
import { fieldOf } from './settings.ts';
import { quoted } from './identifier.ts';
import { copyStatement, insertStatement, stagedCopyStatement } from './statement.ts';
import type { Column, Table } from './table.ts';

const type = { kind: 'text', isArray: false, hasDefault: false } as const;
const column = (name: string, castTo: string, isKey: boolean): Column => ({
  ...type,
  name,
  castTo,
  type: castTo,
  isKey,
  read: fieldOf(name),
});
const columns = [column('id', 'bigint', true), column('a "b"', 'text', false)];
const table: Table = { name: '"s"."t"', columns };

describe('statements', () => {
  it('insert arrays of texts, cast column by column', () => {
    expect(insertStatement(table, columns, undefined)).toBe(
      'insert into "s"."t" ("id", "a ""b""") select r."id"::bigint, r."a ""b"""::text ' +
        'from unnest($1::text[], $2::text[]) as r("id", "a ""b""")',
    );
  });

  it('update all but the key', () => {
    expect(insertStatement(table, columns, 'update')).toMatch(
      / on conflict \("id"\) do update set "a ""b""" = excluded."a ""b"""$/,
    );
    expect(insertStatement(table, columns, 'ignore')).toMatch(/ on conflict \("id"\) do nothing$/);
    expect(insertStatement(table, columns.slice(0, 1), 'update')).toMatch(/ on conflict \("id"\) do nothing$/);
    expect(insertStatement(table, columns.slice(1), 'ignore')).toMatch(/ on conflict do nothing$/);
  });

  it('copy straight into the table, or through a temporary one when rows may be there already', () => {
    expect(copyStatement(table, columns)).toBe('copy "s"."t" ("id", "a ""b""") from stdin');
    expect(stagedCopyStatement(table, columns, 'update').split('; ')).toEqual([
      expect.stringMatching(
        /^create temp table if not exists daoflow_staging on commit delete rows as select .* with no data$/,
      ),
      'copy pg_temp.daoflow_staging ("id", "a ""b""") from stdin',
      expect.stringMatching(/^insert into "s"\."t" .* from pg_temp\.daoflow_staging on conflict \("id"\) do update /),
    ]);
  });

  it('quote any name', () => {
    expect([`t`, `a"b`, `"; drop table x; --`].map(quoted)).toEqual(['"t"', '"a""b"', '"""; drop table x; --"']);
  });
});
