import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grouped, oncePerKey, rowsOf, type Row, type RowValue } from './rows.ts';
import { fieldOf } from './settings.ts';
import type { Column } from './table.ts';

function column(name: string, options: { readonly isKey?: boolean; readonly hasDefault?: boolean } = {}): Column {
  const { isKey = false, hasDefault = false } = options;
  const type = { type: 'text', castTo: 'text', kind: 'text', isArray: false } as const;
  return { name, read: fieldOf(name), isKey, hasDefault, ...type };
}

const id = column('id', { isKey: true });
const note = column('note');
const state = column('state', { hasDefault: true });

function valuesOf(rows: readonly Row[]): (readonly RowValue[])[] {
  return rows.map(({ values }) => values);
}

describe('rowsOf', () => {
  it('takes what an event lacks as NULL, or as the default of the column', () => {
    const refused = new Map<number, Error>();
    const events = [{ id: 1, note: 'a', state: 's' }, { id: 2 }, { id: 3, note: null, state: null }];
    expect(valuesOf(rowsOf(events, [id, note, state], refused))).toEqual([
      ['1', 'a', 's'],
      ['2', null, undefined],
      ['3', null, null],
    ]);
    expect(refused.size).toBe(0);
  });

  it('refuses what is no object with one of the fields, and keeps the places of the others', () => {
    const refused = new Map<number, Error>();
    const inherited = Object.create({ id: 5 }) as object;
    const rows = rowsOf([{ id: 1 }, 'text', null, { other: 1 }, inherited, { id: 2 }], [id, note], refused);
    expect(rows.map(({ index }) => index)).toEqual([0, 5]);
    expect([...refused.keys()]).toEqual([1, 2, 3, 4]);
    expect(refused.get(1)?.message).toBe('the event has none of the fields id, note');
  });
});

describe('oncePerKey', () => {
  const rows = (...values: RowValue[][]): Row[] => values.map((each, index) => ({ index, values: each }));

  it('keeps the last row of a key, in the order of keys', () => {
    const once = oncePerKey(rows(['b', '1'], ['a', '2'], ['b', '3']), [id, note]);
    expect(valuesOf(once)).toEqual([
      ['a', '2'],
      ['b', '3'],
    ]);
    expect(once[1]?.index).toBe(2);
  });

  it('tells keys apart whose parts would be the same text together', () => {
    const two = [id, column('part', { isKey: true })];
    expect(oncePerKey(rows(['a', 'bc'], ['ab', 'c'], ['a:1', ''], ['a', ':1']), two)).toHaveLength(4);
  });

  it('leaves rows without a key alone: NULL is like no other NULL', () => {
    expect(oncePerKey(rows([null, '1'], [null, '1'], [undefined, '1']), [id, note])).toHaveLength(3);
  });

  it('ends with the table that row after row would have made', () => {
    const value = fc.constantFrom<RowValue>('x', 'y', null, undefined);
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', null), value);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (values) => {
        const all = rows(...values);
        expect(tableAfter(oncePerKey(all, [id, note, state]))).toEqual(tableAfter(all));
      }),
    );
  });
});

/** What `insert ... on conflict do update` leaves: a column left to its default is set when the row is new, else kept. */
function tableAfter(rows: readonly Row[]): Map<RowValue, unknown> {
  const table = new Map<RowValue, { note: RowValue; state: RowValue }>();
  for (const { values } of rows) {
    const [key, noteNow, stateNow] = values;
    const known = table.get(key);
    const stateBefore = known === undefined ? 'default' : known.state;
    table.set(key, { note: noteNow, state: stateNow === undefined ? stateBefore : stateNow });
  }
  return new Map([...table].sort());
}

describe('grouped', () => {
  it('is one group where no column has a default', () => {
    const rows = [{ index: 0, values: ['1', null] }];
    expect(grouped(rows, [id, note])).toEqual([{ columns: [0, 1], rows }]);
  });

  it('puts rows apart that leave different columns to their defaults', () => {
    const rows: Row[] = [
      { index: 0, values: ['1', 'a'] },
      { index: 1, values: ['2', undefined] },
      { index: 2, values: ['3', null] },
    ];
    expect(grouped(rows, [id, state])).toEqual([
      { columns: [0, 1], rows: [rows[0], rows[2]] },
      { columns: [0], rows: [rows[1]] },
    ]);
  });
});
