/** The CSV decoder against a naive one that sees the whole text at once, wherever the bytes are cut. */
import { expect, it } from 'vitest';
import { csvCodec } from '../../src/codec/csv.ts';
import { CollectingOutput } from './decoder-oracle.ts';
import { Random } from './decoder-corpus.ts';

const RUNS = Number(process.env['DECODER_FUZZ_RUNS'] ?? 1500) * Number(process.env['FUZZ_FACTOR'] ?? 1);
const PIECES = [
  'a',
  'bc',
  '1.5',
  '"',
  '""',
  ',',
  '\n',
  '\r\n',
  ' ',
  'é',
  '😀',
  '"quoted"',
  '"with ""quotes"""',
  '"two\nlines"',
  '"a,b"',
  '\r',
  "'",
];

type Row = { row: string[] } | { invalid: string; offset: number };

/** Rows of `bytes`, decided with the whole in view. Offsets are in bytes. */
function naive(bytes: Buffer, maxRecordBytes: number): Row[] {
  const rows: Row[] = [];
  const text = bytes.toString('latin1');
  for (let at = 0; at < text.length;) {
    const end = recordEnd(text, at);
    const isOverlong = end - at > maxRecordBytes;
    const skipped = text.indexOf('\n', at + maxRecordBytes + 1);
    const to = isOverlong ? (skipped < 0 ? text.length : skipped) : end;
    const raw = text.slice(at, to);
    const content = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (isOverlong) rows.push({ invalid: raw, offset: at });
    else if (content !== '') {
      const fields = naiveFields(Buffer.from(content, 'latin1').toString());
      rows.push(fields === undefined || fields.length !== 3 ? { invalid: raw, offset: at } : { row: fields });
    }
    at = to + 1;
  }
  return rows;
}

function recordEnd(text: string, start: number): number {
  const field = /"(?:[^"]|"")*(?:"|$)|[^",\n][^,\n]*|(?=,|\n|$)/y;
  for (let at = start; ;) {
    field.lastIndex = at;
    at += (field.exec(text)?.[0] ?? '').length;
    while (at < text.length && text[at] !== ',' && text[at] !== '\n') at = afterClosed(text, at);
    if (at >= text.length || text[at] === '\n') return at;
    at += 1;
  }
}

/** What follows a closing quote before the next comma: malformed, and it may open quotes again only as a pair would. */
function afterClosed(text: string, at: number): number {
  return at + 1;
}

function naiveFields(text: string): string[] | undefined {
  const fields: string[] = [];
  for (let rest = text; ;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",][^,]*|))(,|$)/s.exec(rest);
    if (match === null) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return fields;
    rest = rest.slice(match[0].length);
  }
}

function document(random: Random): Buffer {
  let text = '';
  for (let line = 0; line < 12; line++) {
    for (let column = 0; column < 3; column++) {
      const isOdd = random.below(6) === 0;
      const pieces = isOdd
        ? [random.pick(PIECES), random.pick(PIECES)]
        : [random.pick(['x', '', '12', '"q"', '"a,""b"""', '"l\nl"'])];
      text += (column > 0 ? ',' : '') + pieces.join('');
    }
    if (random.below(12) === 0) text += ',extra';
    text += random.pick(['\n', '\n', '\r\n', '\n\n']);
  }
  return Buffer.from(random.below(3) === 0 ? text.slice(0, -random.below(6) - 1) : text);
}

it('gives the rows of the naive decoder, however the bytes are cut', () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = new Random(seed);
    const bytes = document(random);
    const maxRecordBytes = random.pick([12, 30, 10_000]);
    const maxBatchEvents = random.pick([1, 3, 100]);
    const options = {
      maxRecordBytes,
      maxBatchEvents,
      keepRaw: true,
      keyField: 'b',
      generateCode: random.below(2) === 0,
    };
    const codec = csvCodec({ ...options, header: ['a', 'b', 'c'] });
    const output = new CollectingOutput(codec, options);
    const decoder = codec.decoder();
    const step = random.pick([1, 3, 17, 10_000]);
    for (let at = 0; at < bytes.length; at += step)
      decoder.write(Uint8Array.from(bytes.subarray(at, at + step)), output);
    decoder.end(output);
    const got = output.outcomes.map((outcome): Row =>
      'event' in outcome
        ? { row: Object.values(outcome.event as Record<string, string>) }
        : { invalid: outcome.invalid, offset: outcome.offset },
    );
    expect(got, `seed ${seed}, limit ${maxRecordBytes}, step ${step}`).toEqual(naive(bytes, maxRecordBytes));
    let event = 0;
    for (const outcome of output.outcomes) {
      if (!('event' in outcome)) continue;
      const { a, b, c } = outcome.event as Record<string, string>;
      const raw = naive(Buffer.from(output.raws[event] as Buffer), 10_000)[0];
      expect(raw, `seed ${seed}: raw`).toEqual({ row: [a, b, c] });
      expect(output.keys[event]).toBe(b);
      event += 1;
    }
  }
}, 600_000);
