import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { declaredFields, validate } from './validation.ts';

describe('declaredFields', () => {
  it('knows the fields of a plain object that strips all others', () => {
    expect(declaredFields(z.object({ a: z.number(), b: z.string().optional() }))).toEqual(['a', 'b']);
    expect(declaredFields(z.object({ a: z.number() }).refine(({ a }) => a > 0))).toEqual(['a']);
    expect(declaredFields(v.object({ a: v.number() }))).toEqual(['a']);
  });

  it.each([
    ['a strict object', z.strictObject({ a: z.number() })],
    ['a loose object', z.looseObject({ a: z.number() })],
    ['a catch-all', z.object({ a: z.number() }).catchall(z.string())],
    ['a preprocessed object', z.preprocess((x) => x, z.object({ a: z.number() }))],
    ['a union', z.union([z.object({ a: z.number() }), z.object({ b: z.number() })])],
    ['a record', z.record(z.string(), z.number())],
    ['a loose valibot object', v.looseObject({ a: v.number() })],
    ['a strict valibot object', v.strictObject({ a: v.number() })],
    [
      'a valibot pipe',
      v.pipe(
        v.object({ a: v.number() }),
        v.check(({ a }) => a > 0),
      ),
    ],
  ])('takes %s to need the whole event', (_, schema) => {
    expect(declaredFields(schema)).toBeUndefined();
  });
});

describe('validate', () => {
  it('gives the value as the schema returns it', () => {
    expect(validate(z.object({ n: z.coerce.number() }), { n: '5', more: 1 })).toEqual({ value: { n: 5 } });
  });

  it('says what is wrong and where, briefly', () => {
    const schema = z.object({ a: z.number(), b: z.object({ c: z.number() }), d: z.number(), e: z.number() });
    const result = validate(schema, { a: 'x', b: {}, d: 1 });
    expect(result).toEqual({ reason: expect.stringMatching(/^a: .*; b\.c: .*; e: [^;]*$/) as string });
    expect(validate(schema, { b: {} })).toEqual({ reason: expect.stringMatching(/; and 1 more$/) as string });
  });

  it('refuses an asynchronous schema', () => {
    const schema = z.number().refine(() => Promise.resolve(true));
    expect(() => validate(schema, 1)).toThrow('from.schema: expected a schema that validates synchronously');
  });
});
