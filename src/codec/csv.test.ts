import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/errors.ts';
import { csvCodec, type CsvCodecOptions } from './csv.ts';
import type { InvalidRecord } from './decoder.ts';

function decode(
  text: string,
  options: Partial<CsvCodecOptions> = {},
): { events: unknown[]; reasons: string[]; raws: string[]; keys: number[] } {
  const codec = csvCodec({ maxRecordBytes: 1000, maxBatchEvents: 100, generateCode: true, ...options });
  const events: unknown[] = [];
  const reasons: string[] = [];
  const raws: string[] = [];
  const keys: number[] = [];
  const output = {
    batch(batch: unknown[], _bytes: number, _end: number, ids: Int32Array | undefined): void {
      events.push(...batch);
      keys.push(...(ids ?? []));
    },
    invalid: ({ reason, raw }: InvalidRecord): void => {
      reasons.push(reason);
      raws.push(Buffer.from(raw).toString());
    },
  };
  const decoder = codec.decoder();
  decoder.write(Buffer.from(text), output);
  decoder.end(output);
  return { events, reasons, raws, keys };
}

describe('csv decoder', () => {
  it('reads quotes, embedded newlines and delimiters, CRLF, and a last row without a line end', () => {
    const { events } = decode('a,b\r\n"x,""y""","two\r\nlines"\r\n,z');
    expect(events).toEqual([
      { a: 'x,"y"', b: 'two\r\nlines' },
      { a: '', b: 'z' },
    ]);
  });

  it('refuses ragged rows with the line they stand on', () => {
    const { events, reasons } = decode('a,b\n"1\n1",2\n3\n4,5,6\n7,8\n');
    expect(events).toEqual([
      { a: '1\n1', b: '2' },
      { a: '7', b: '8' },
    ]);
    expect(reasons).toEqual(['expected 2 fields, got 1 (line 4)', 'expected 2 fields, got 3 (line 5)']);
  });

  it('takes given column names, another delimiter, and only the wanted fields', () => {
    const { events } = decode('1;2;3\n', { header: ['a', 'b', 'c'], delimiter: ';', fields: ['c', 'a'] });
    expect(JSON.stringify(events)).toBe('[{"a":"1","c":"3"}]');
  });

  it('skips a byte order mark and empty lines', () => {
    expect(decode('\ufeffa,b\n\n1,2\n\r\n').events).toEqual([{ a: '1', b: '2' }]);
  });

  it('numbers the keys', () => {
    expect(decode('k,v\nx,1\ny,2\nx,3\n', { keyField: 'k' }).keys).toEqual([0, 1, 0]);
  });

  it('lets one missing quote cost no more than the largest record', () => {
    const { events, reasons } = decode(`a,b\n"open,1\n${'2,3\n'.repeat(10)}`, { maxRecordBytes: 15 });
    expect(reasons).toEqual(['longer than the 15 bytes allowed for one record (line 2)']);
    expect(events).toHaveLength(7);
  });

  it('keeps as much as is asked for of a record that is too long', () => {
    const row = `${'x'.repeat(200_000)},1`;
    for (const maxInvalidBytes of [100_000, 300_000]) {
      const { raws } = decode(`a,b\n${row}\n1,2\n`, { maxRecordBytes: 15, maxInvalidBytes });
      expect(raws).toEqual([row.slice(0, maxInvalidBytes)]);
    }
  });

  it('says what is wrong with a quoted field', () => {
    expect(decode('a,b\n"x"y,1\n"z,1').reasons).toEqual([
      'a quoted field is followed by "y" (line 2)',
      'a quoted field is not closed (line 3)',
    ]);
  });

  it('makes hostile column names plain members', () => {
    const [event] = decode('__proto__,constructor\n1,2\n').events as object[];
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    expect(Object.entries(event as object)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  it('refuses options that cannot work', () => {
    expect(() => decode('', { delimiter: ',,' })).toThrow(ConfigError);
    expect(() => decode('', { header: ['a', 'a'] })).toThrow(ConfigError);
  });
});
