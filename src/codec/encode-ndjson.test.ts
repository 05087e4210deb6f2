import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdjsonEncoder } from './encode-ndjson.ts';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

const reference = (events: readonly unknown[]): string =>
  events.map((event) => `${(JSON.stringify(event) as string | undefined) ?? 'null'}\n`).join('');

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000),
  fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1e6),
  fc.integer({ min: 0, max: 99 }).map((n) => n / 100),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    1e15,
    1e15 - 1,
    1e8,
    1e8 - 1,
    1e21,
    1e-7,
    1e-6,
    5e-324,
    0.001,
    0.1 + 0.2,
  ),
);
const string = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\u2028', '\ud800', 'é', '\u007f'),
);
const scalar = fc.oneof(number, string, fc.boolean(), fc.constantFrom(null, undefined));
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ts: number, key: string, value: scalar, type: string }) },
  { weight: 2, arbitrary: fc.record({ ts: number, 'a "name"': scalar }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.dictionary(string, scalar) },
  { weight: 1, arbitrary: fc.jsonValue() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(undefined, new Date(0), { toJSON: () => 1 }, [1], () => 1, new Map(), { a: { b: 1 } }),
  },
);

describe('NdjsonEncoder', () => {
  it(
    'writes what JSON.stringify writes',
    () => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 30 }), (events) => {
          const encoder = new NdjsonEncoder();
          expect(encoder.encode(events).toString()).toBe(reference(events));
          expect(encoder.encode(events).toString()).toBe(reference(events));
        }),
        { numRuns: 2000 },
      );
    },
    60_000 * FACTOR,
  );

  it('writes every kind of number as String does', () => {
    fc.assert(
      fc.property(number, (value) => {
        const events = [{ value }, { value }, { value: -value }];
        expect(new NdjsonEncoder().encode(events).toString()).toBe(reference(events));
      }),
      { numRuns: 5000 },
    );
  });

  it('grows for events larger than its buffer', () => {
    const events = [{ text: 'a' }, { text: 'b'.repeat(200_000) }, { text: 'é'.repeat(200_000) }, { text: 'c' }];
    expect(new NdjsonEncoder().encode(events).toString()).toBe(reference(events));
  });

  it('learns a new template when the events change', () => {
    const encoder = new NdjsonEncoder();
    for (const events of [[{ a: 1 }], Array.from({ length: 10 }, (_, b) => ({ b }))]) {
      expect(encoder.encode(events).toString()).toBe(reference(events));
    }
  });

  it('hands out a buffer that later calls leave alone', () => {
    const encoder = new NdjsonEncoder();
    const first = encoder.encode([{ a: 1 }]);
    encoder.encode([{ a: 2 }]);
    expect(first.toString()).toBe('{"a":1}\n');
  });

  it('throws what JSON.stringify throws', () => {
    expect(() => new NdjsonEncoder().encode([{ a: 1n }])).toThrow(TypeError);
  });
});
