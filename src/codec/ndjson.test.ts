import { describe, expect, it } from 'vitest';
import type { CodecOptions, DecoderOutput, InvalidRecord } from './decoder.ts';
import { ndjsonCodec } from './ndjson.ts';

interface Batch {
  readonly events: readonly unknown[];
  readonly bytes: number;
  readonly endOffset: number;
  readonly keyIds: readonly number[] | undefined;
}

function collect(): DecoderOutput & { batches: Batch[]; invalids: InvalidRecord[] } {
  const batches: Batch[] = [];
  const invalids: InvalidRecord[] = [];
  return {
    batches,
    invalids,
    batch: (events, bytes, endOffset, keyIds) =>
      void batches.push({ events, bytes, endOffset, keyIds: keyIds === undefined ? undefined : [...keyIds] }),
    invalid: (record) => void invalids.push(record),
  };
}

const options = (more: Partial<CodecOptions> = {}): CodecOptions => ({
  maxRecordBytes: 1000,
  maxBatchEvents: 256,
  generateCode: true,
  ...more,
});

function decodeAll(text: string, more: Partial<CodecOptions> = {}, truncated?: string): ReturnType<typeof collect> {
  const output = collect();
  const decoder = ndjsonCodec(options(more)).decoder();
  decoder.write(Buffer.from(text), output);
  decoder.end(output, truncated);
  return output;
}

const lines = (count: number, line: (i: number) => unknown): string =>
  Array.from({ length: count }, (_, i) => `${JSON.stringify(line(i))}\n`).join('');

describe('ndjson decoder', () => {
  it('reports a broken line with its place, and goes on', () => {
    const { batches, invalids } = decodeAll('{"a":1}\n{"a":\n{"a":2}\n');
    expect(batches.map(({ events }) => events)).toEqual([[{ a: 1 }], [{ a: 2 }]]);
    expect(invalids).toHaveLength(1);
    expect(invalids[0]).toMatchObject({ offset: 8, rawBytes: 5 });
    expect(invalids[0]?.reason).toMatch(/^not valid JSON: /);
    expect(Buffer.from(invalids[0]?.raw ?? []).toString()).toBe('{"a":');
  });

  it('says where a batch ends and what it took', () => {
    const { batches } = decodeAll('{"a":1}\n\n{"a":2}\r\n{"a":3}', { maxBatchEvents: 2 });
    expect(batches.map(({ bytes, endOffset }) => [bytes, endOffset])).toEqual([
      [18, 18],
      [7, 25],
    ]);
  });

  it('refuses bytes that are not UTF-8 instead of replacing them, and keeps a real U+FFFD', () => {
    const output = collect();
    const decoder = ndjsonCodec(options()).decoder();
    decoder.write(Buffer.concat([Buffer.from('"\ufffd"\n"'), Buffer.from([0xff]), Buffer.from('"\n')]), output);
    expect(output.batches[0]?.events).toEqual(['\ufffd']);
    expect(output.invalids[0]?.reason).toBe('not valid UTF-8');
  });

  it('keeps only the beginning of a line that is too long, and goes on after it', () => {
    const output = collect();
    const decoder = ndjsonCodec(options({ maxRecordBytes: 100_000 })).decoder();
    decoder.write(Buffer.from('1\n"'), output);
    for (let i = 0; i < 1000; i++) decoder.write(Buffer.alloc(1000, 'x'), output);
    decoder.write(Buffer.from('"\n2\n'), output);
    expect(output.batches.map(({ events }) => events)).toEqual([[1], [2]]);
    expect(output.invalids).toMatchObject([{ offset: 2, rawBytes: 1_000_002 }]);
    expect(output.invalids[0]?.raw).toHaveLength(100_000);
    expect(output.batches[1]?.endOffset).toBe(1_000_007);
  });

  it('keeps all of a line that cannot be read and is not too long, and of one that is too long as much as is asked for', () => {
    const line = `{"a":"${'x'.repeat(400_000)}`;
    const [whole] = decodeAll(`${line}\n1\n`, { maxRecordBytes: 500_000 }).invalids;
    expect(Buffer.from(whole?.raw ?? []).toString()).toBe(line);
    for (const [most, kept] of [
      [500_000, 400_006],
      [300_000, 300_000],
      [1, 65_536],
    ] as const) {
      const { invalids } = decodeAll(`${line}\n1\n`, { maxRecordBytes: 1000, maxInvalidBytes: most });
      expect(invalids[0]?.raw).toHaveLength(kept);
    }
  });

  it('reports a cut off last record with the reason given, and a whole one without newline as an event', () => {
    expect(decodeAll('{"a":1}').batches[0]?.events).toEqual([{ a: 1 }]);
    expect(decodeAll('{"a":1}', {}, 'connection lost').invalids).toMatchObject([
      { reason: 'connection lost', offset: 0 },
    ]);
    expect(decodeAll('1\n  ', {}, 'connection lost').invalids).toEqual([]);
  });

  it('gives equal keys equal ids, in order of arrival, and -1 before it has learned', () => {
    const codec = ndjsonCodec(options({ keyField: 'k' }));
    const output = collect();
    codec.decoder().write(Buffer.from(lines(200, (i) => ({ n: i, k: `key${i % 3}` }))), output);
    const batch = output.batches[0] as Batch;
    expect(batch.keyIds?.slice(0, 4)).toEqual([-1, -1, -1, -1]);
    expect(batch.keyIds?.slice(4, 10)).toEqual([0, 1, 2, 0, 1, 2]);
    batch.keyIds?.forEach((id, i) => {
      if (id >= 0) expect(codec.keyValues[id]).toBe((batch.events[i] as { k: string }).k);
    });
  });

  it('keeps every text as it is, whatever it would be as a name', () => {
    const texts = ['', '0', '17', '-0', '1e3', '__proto__', 'constructor', 'länge', 'a'.repeat(96)];
    const codec = ndjsonCodec(options({ keyField: 'k' }));
    const output = collect();
    codec.decoder().write(Buffer.from(lines(90, (i) => ({ k: texts[i % texts.length] }))), output);
    expect(output.batches[0]?.events).toEqual(Array.from({ length: 90 }, (_, i) => ({ k: texts[i % texts.length] })));
    expect(new Set(codec.keyValues)).toEqual(new Set(texts));
  });

  it('shares what it learned among the channels of a codec', () => {
    const codec = ndjsonCodec(options());
    const output = collect();
    for (let i = 0; i < 2; i++) codec.decoder().write(Buffer.from(lines(100, (n) => ({ n }))), output);
    expect(codec.stats()).toEqual({ records: 200, learned: 196, invalid: 0 });
  });

  it('gives plain objects of the members in line order', () => {
    const { batches } = decodeAll(lines(10, (i) => ({ b: i, a: { c: 'x' }, fits: true })));
    const event = batches[0]?.events[9] as object;
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    expect(event.constructor).toBe(Object);
    expect(Object.keys(event)).toEqual(['b', 'a', 'fits']);
    expect(event).toStrictEqual({ b: 9, a: { c: 'x' }, fits: true });
  });

  it('never lets data become code or a prototype', () => {
    const name = "a'];throw new Error('code');//\u2028`${x}";
    const hostile = `{${JSON.stringify(name)}:1,"__proto__":{"polluted":true}}\n`;
    const harmless = `{${JSON.stringify(name)}:1}\n`;
    const { batches } = decodeAll(harmless.repeat(20) + hostile.repeat(20));
    expect(batches[0]?.events[19]).toStrictEqual({ [name]: 1 });
    expect(Object.getPrototypeOf(batches[0]?.events[39])).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('stops scanning when most lines are of no known shape, and learns again later', () => {
    const codec = ndjsonCodec(options());
    const output = collect();
    const decoder = codec.decoder();
    decoder.write(Buffer.from(lines(10_000, (i) => ({ [`f${i}`]: i }))), output);
    expect(codec.stats().learned).toBe(0);
    decoder.write(Buffer.from(lines(40_000, (n) => ({ n }))), output);
    expect(codec.stats().learned).toBeGreaterThan(20_000);
    expect(output.batches.flatMap(({ events }) => events)).toHaveLength(50_000);
  });

  it('rests where every line costs scans in vain, since the shapes alternate', () => {
    const codec = ndjsonCodec(options());
    const text = lines(100_000, (i) => ({ n: i, w: 'x', [['a', 'b', 'c', 'd'][i % 4] as string]: i }));
    codec.decoder().write(Buffer.from(text), collect());
    expect(codec.stats()).toMatchObject({ records: 100_000, invalid: 0 });
    expect(codec.stats().learned).toBeLessThan(20_000);
  });

  it('leaves the dictionary of a field whose values do not repeat', () => {
    const codec = ndjsonCodec(options({ keyField: 'id' }));
    const output = collect();
    const text = lines(120_000, (i) => ({ id: `id-${i}`, word: `w${i % 10}` }));
    codec.decoder().write(Buffer.from(text), output);
    expect(codec.keyValues.length).toBeLessThan(40_000);
    const events = output.batches.flatMap((batch) => batch.events);
    expect(events[119_999]).toEqual({ id: 'id-119999', word: 'w9' });
    expect(output.batches.at(-1)?.keyIds?.at(-1)).toBe(-1);
  });

  it('keeps the ids of 5,000 keys', () => {
    const codec = ndjsonCodec(options({ keyField: 'k' }));
    const output = collect();
    codec.decoder().write(Buffer.from(lines(40_000, (i) => ({ k: `key-${(i * 7919) % 5000}` }))), output);
    expect(codec.keyValues).toHaveLength(5000);
    expect(output.batches.at(-1)?.keyIds?.every((id) => id >= 0)).toBe(true);
  });
});

it('gives each of several decoders ids that no other overwrites, in batches that are kept', () => {
  const codec = ndjsonCodec(options({ keyField: 'key', maxBatchEvents: 64 }));
  const kept: { events: unknown[]; ids: Int32Array }[] = [];
  const output: DecoderOutput = {
    batch: (events, _bytes, _end, ids) => void kept.push({ events, ids: ids ?? new Int32Array(0) }),
    invalid: () => undefined,
  };
  const decoders = [codec.decoder(), codec.decoder(), codec.decoder()];
  for (let i = 0; i < 3000; i += 1) {
    // Each write ends in the middle of a record, so that decoders have carried bytes while others write.
    const text = lines(1 + ((i * 7) % 90), (n) => ({ n, key: `k${(i + n) % 50}` }));
    const cut = i < 3 ? '' : '{"n":0,"key":"k7';
    const open = i < 6 ? '' : '"}\n';
    decoders[i % 3]?.write(Buffer.from(open + text + cut), output);
  }
  let known = 0;
  for (const { events, ids } of kept) {
    expect(ids).toHaveLength(events.length);
    events.forEach((event, i) => {
      const id = ids[i] as number;
      if (id >= 0) known += 1;
      const isRight = id < 0 || codec.keyValues[id] === (event as { key: string }).key;
      if (!isRight) expect({ id: codec.keyValues[id] }).toEqual({ id: event });
    });
  }
  expect(known).toBeGreaterThan(100_000);
});
