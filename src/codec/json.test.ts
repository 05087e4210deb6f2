import { describe, expect, it } from 'vitest';
import { codecFor } from './codec.ts';
import type { InvalidRecord } from './decoder.ts';
import { jsonCodec, type JsonCodecOptions } from './json.ts';

function decode(chunks: readonly (string | Buffer)[], options: Partial<JsonCodecOptions> = {}, truncated?: string) {
  const codec = jsonCodec({ maxRecordBytes: 1000, maxBatchEvents: 2, generateCode: true, ...options });
  const batches: [events: unknown[], bytes: number, endOffset: number][] = [];
  const invalids: InvalidRecord[] = [];
  const output = {
    batch: (events: unknown[], bytes: number, end: number): void => void batches.push([events, bytes, end]),
    invalid: (record: InvalidRecord): void => void invalids.push(record),
  };
  const decoder = codec.decoder();
  for (const chunk of chunks) decoder.write(Buffer.from(chunk), output);
  decoder.end(output, truncated);
  return { batches, invalids, stats: codec.stats() };
}

describe('json decoder', () => {
  it('takes one value or an array, cut anywhere', () => {
    expect(decode(['{"a"', ':1}']).batches).toEqual([[[{ a: 1 }], 7, 7]]);
    expect(decode(['[1,', '2,3', ']']).batches).toEqual([
      [[1, 2], 4, 0],
      [[3], 3, 7],
    ]);
    expect(decode(['[]']).batches).toEqual([]);
    expect(decode([' \n']).invalids).toEqual([]);
  });

  it('refuses a broken, truncated, foreign or oversized body as a whole', () => {
    expect(decode(['[1,']).invalids[0]?.reason).toMatch(/^not valid JSON/);
    expect(decode(['[1]'], {}, 'connection lost').invalids[0]?.reason).toBe('connection lost');
    expect(decode([Buffer.from([34, 255, 34])]).invalids[0]?.reason).toBe('not valid UTF-8');
    const large = decode(['[', '1,'.repeat(100), '1]'], { maxBodyBytes: 50 });
    expect(large.invalids).toMatchObject([{ reason: 'longer than the 50 bytes allowed', rawBytes: 203, offset: 0 }]);
    expect(large.stats).toEqual({ records: 1, learned: 0, invalid: 1 });
  });

  it('keeps all of a body that cannot be read, and of one that is too long what may be read', () => {
    const body = `["${'x'.repeat(200_000)}`;
    const whole = decode([body.slice(0, 100_000), body.slice(100_000)], { maxBodyBytes: 300_000 });
    expect(Buffer.from(whole.invalids[0]?.raw ?? []).toString()).toBe(body);
    expect(decode([body], { maxBodyBytes: 100_000 }).invalids[0]?.raw).toHaveLength(100_000);
    expect(decode([body], { maxBodyBytes: 100, maxInvalidBytes: 300_000 }).invalids[0]?.raw).toHaveLength(body.length);
  });

  it('picks the wanted fields', () => {
    expect(decode(['[{"a":1,"b":2}]'], { fields: ['b'] }).batches[0]?.[0]).toEqual([{ b: 2 }]);
  });
});

describe('codecFor', () => {
  it('has a codec for every format', () => {
    for (const format of ['ndjson', 'csv', 'json'] as const) {
      const codec = codecFor(format, { maxRecordBytes: 100, maxBatchEvents: 10, generateCode: false });
      expect(codec.stats()).toEqual({ records: 0, learned: 0, invalid: 0 });
    }
  });
});
