/**
 * The NDJSON decoder against JSON.parse, on lines made to hurt it.
 *
 * `DECODER_FUZZ_RUNS=100000 npx vitest run test/fuzz/decoder.test.ts` runs longer; `DECODER_FUZZ_SEED`
 * replays. A failing run prints its seed.
 */
import { describe, expect, it } from 'vitest';
import type { CodecOptions } from '../../src/codec/decoder.ts';
import { ndjsonCodec } from '../../src/codec/ndjson.ts';
import { CollectingOutput, expected, isSame, type Outcome } from './decoder-oracle.ts';
import { Corpus, Random } from './decoder-corpus.ts';

const RUNS = Number(process.env['DECODER_FUZZ_RUNS'] ?? 1200) * Number(process.env['FUZZ_FACTOR'] ?? 1);
const FIRST_SEED = Number(process.env['DECODER_FUZZ_SEED'] ?? 1);

type Options = CodecOptions & { readonly chunk: 'whole' | 'cut' | 'bytes' };

function decode(bytes: Buffer, options: Options, random: Random): CollectingOutput {
  const codec = ndjsonCodec(options);
  const output = new CollectingOutput(codec, options);
  const decoder = codec.decoder();
  for (let at = 0; at < bytes.length;) {
    const length = options.chunk === 'whole' ? bytes.length : options.chunk === 'bytes' ? 1 : 1 + random.below(400);
    // A fresh copy, destroyed afterwards: the decoder must not keep the chunk.
    const chunk = Uint8Array.from(bytes.subarray(at, at + length));
    decoder.write(chunk, output);
    chunk.fill(0x7b);
    at += length;
  }
  decoder.end(output);
  const { records, invalid } = codec.stats();
  expect(records).toBe(output.outcomes.length);
  expect(invalid).toBe(output.outcomes.filter((outcome) => 'invalid' in outcome).length);
  return output;
}

function firstDifference(actual: readonly Outcome[], wanted: readonly Outcome[]): string | undefined {
  for (let i = 0; i < Math.max(actual.length, wanted.length); i++) {
    const a = actual[i];
    const b = wanted[i];
    if (!isSame(a, b)) return `record ${i}: got ${show(a)}, wanted ${show(b)}`;
  }
  return undefined;
}

function show(outcome: Outcome | undefined): string {
  try {
    return (outcome === undefined ? 'nothing' : JSON.stringify(outcome)).slice(0, 600);
  } catch {
    return 'a value too deep to show';
  }
}

function optionsOf(random: Random): Options {
  return {
    maxRecordBytes: random.pick([40, 200, 1_000_000]),
    maxBatchEvents: random.pick([1, 7, 256]),
    fields: random.pick([undefined, undefined, ['key', 'value'], ['type', 'nested', '__proto__', 'absent'], []]),
    keyField: random.pick([undefined, 'key']),
    keepRaw: random.below(2) === 0,
    generateCode: random.below(2) === 0,
    chunk: random.pick(['whole', 'cut', 'cut', 'bytes']),
  };
}

function runOnce(seed: number): void {
  const random = new Random(seed);
  const options = optionsOf(random);
  const bytes = new Corpus(random).document(options.chunk === 'bytes' ? 20 : 60);
  const output = decode(bytes, options, random);
  const difference = firstDifference(output.outcomes, expected(bytes, options));
  if (difference !== undefined) throw new Error(`seed ${seed}, ${JSON.stringify(options)}: ${difference}`);
  const events = output.outcomes.flatMap((outcome) => ('event' in outcome ? [outcome.event] : []));
  events.forEach((event, i) => {
    const key = output.keys[i];
    if (key !== undefined && (event as { key: unknown }).key !== key) throw new Error(`seed ${seed}: wrong key id`);
    const raw = output.raws[i];
    if ((raw === undefined) === options.keepRaw)
      throw new Error(`seed ${seed}: raw bytes are there only when asked for`);
    if (raw !== undefined && !isSame(parsedRaw(raw, options), event)) {
      throw new Error(`seed ${seed}: raw bytes ${raw.toString('latin1')} of another event`);
    }
  });
}

function parsedRaw(raw: Buffer, options: Options): unknown {
  const outcome = expected(raw, options)[0];
  return outcome !== undefined && 'event' in outcome ? outcome.event : undefined;
}

describe('ndjson decoder against JSON.parse', () => {
  it('gives the same events and rejects the same lines, however they are cut and read', () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) runOnce(seed);
  }, 3_600_000);

  it('reads most lines of a regular document by the learned path', () => {
    const codec = ndjsonCodec({ maxRecordBytes: 1000, maxBatchEvents: 256, generateCode: true });
    const output = new CollectingOutput(codec, { maxBatchEvents: 256, maxRecordBytes: 1000 });
    const corpus = new Corpus(new Random(7));
    const bytes = Buffer.from(Array.from({ length: 1000 }, () => `${corpus.regularLine()}\n`).join(''));
    codec.decoder().write(bytes, output);
    expect(firstDifference(output.outcomes, expected(bytes, { maxRecordBytes: 1000 }))).toBeUndefined();
    expect(codec.stats().learned).toBeGreaterThan(950);
  });
});
