import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/errors.ts';
import { csvCodec } from './csv.ts';
import { CsvEncoder } from './encode-csv.ts';

describe('CsvEncoder', () => {
  it('takes the header from the first event and counts fields without a column', () => {
    const encoder = new CsvEncoder();
    expect(encoder.encode([{ a: 1, b: 'x' }]).toString()).toBe('a,b\n1,x\n');
    expect(encoder.encode([{ b: 'y', c: 3 }]).toString()).toBe(',y\n');
    expect(encoder.ignoredFields).toBe(1);
  });

  it('quotes only where a reader needs it, and changes no content', () => {
    const encoder = new CsvEncoder({ columns: ['a', 'b', 'c', 'd'], header: false });
    const row = encoder.encode([{ a: 'x,y', b: 'say "hi"', c: 'two\nlines', d: '=1+1' }]).toString();
    expect(row).toBe('"x,y","say ""hi""","two\nlines",=1+1\n');
  });

  it('writes null, dates, booleans and nested values', () => {
    const encoder = new CsvEncoder({ columns: ['a', 'b', 'c', 'd'], header: false, delimiter: ';', lineEnd: '\r\n' });
    const row = encoder.encode([{ a: null, b: new Date(0), c: true, d: { x: [1] } }]).toString();
    expect(row).toBe(';1970-01-01T00:00:00.000Z;true;"{""x"":[1]}"\r\n');
  });

  it('refuses a delimiter that cannot work', () => {
    expect(() => new CsvEncoder({ delimiter: '"' })).toThrow(ConfigError);
    expect(() => new CsvEncoder({ columns: [] })).toThrow(ConfigError);
  });

  it('is read back as the same strings', () => {
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\ufeff', ''));
    fc.assert(
      fc.property(
        fc.array(fc.record({ a: text, b: text }), { minLength: 1 }),
        fc.constantFrom(',', ';', '\t'),
        (events, delimiter) => {
          const bytes = new CsvEncoder({ delimiter }).encode(events);
          const read: unknown[] = [];
          const codec = csvCodec({ delimiter, maxRecordBytes: 1e6, maxBatchEvents: 100, generateCode: true });
          const decoder = codec.decoder();
          const output = {
            batch: (batch: unknown[]): void => void read.push(...batch),
            invalid: ({ reason }: { reason: string }): void => expect.fail(reason),
          };
          decoder.write(bytes, output);
          decoder.end(output);
          expect(read).toEqual(events);
        },
      ),
    );
  });
});
