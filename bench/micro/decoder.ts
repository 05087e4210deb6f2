/**
 * CPU time per event of the NDJSON decoder: learned, and with code generation off, against
 * JSON.parse joined per chunk, which is the fastest way to use it. All results are compared first.
 *
 * `npm exec -- rolldown bench/micro/decoder.ts -p node -o .build/decoder-bench.mjs && node .build/decoder-bench.mjs`
 */
import { isDeepStrictEqual } from 'node:util';
import { pathToFileURL } from 'node:url';
import type { DecoderOutput } from '../../src/codec/decoder.ts';
import { ndjsonCodec } from '../../src/codec/ndjson.ts';

const CHUNK_BYTES = 65_536;
const EVENTS = 65_536;

interface Workload {
  readonly name: string;
  readonly fields?: readonly string[];
  readonly event: (i: number, random: () => number) => unknown;
}

const WORKLOADS: readonly Workload[] = [
  { name: '4 fields', event: narrow },
  {
    name: '4 fields, full doubles',
    event: (i, random) => ({ ...narrow(i, random), value: random() * 1000 }),
  },
  { name: '10 fields, all', event: wide },
  { name: '10 fields, 4 used', fields: ['ts', 'key', 'value', 'type'], event: wide },
  {
    name: '20 % of lines in many shapes',
    event: (i, random) => (random() < 0.2 ? { [`f${i % 97}`]: i, ...narrow(i, random) } : narrow(i, random)),
  },
  {
    name: 'every line another shape',
    event: (i, random) => ({ [`f${Math.floor(random() * 1000)}`]: i, ...narrow(i, random) }),
  },
];

function narrow(i: number, random: () => number): { ts: number; key: string; value: number; type: string } {
  return {
    ts: 1_700_000_000_000 + i * 3,
    key: `key-${Math.floor(random() * 1000)}`,
    value: Math.round(random() * 100_000) / 1000,
    type: ['click', 'view', 'purchase', 'refund'][Math.floor(random() * 4)] as string,
  };
}

function wide(i: number, random: () => number): unknown {
  const id = Array.from({ length: 4 }, () =>
    Math.floor(random() * 65_536)
      .toString(16)
      .padStart(4, '0'),
  ).join('');
  return {
    ...narrow(i, random),
    id,
    session: `s-${Math.floor(random() * 1e9)}`,
    country: ['de', 'fr', 'us', 'cn'][Math.floor(random() * 4)],
    amount: Math.floor(random() * 1e6),
    isNew: random() < 0.5,
    path: `/products/${Math.floor(random() * 500)}/details`,
  };
}

export interface DecoderFigure {
  readonly workload: string;
  readonly decoder: string;
  readonly nsPerEvent: number;
  /** Of joined JSON.parse in the same process. */
  readonly ratio: number;
}

type Decode = (sink: (events: unknown[]) => void) => number;

/** Runs all workloads; `repetitions` of about 65,000 events per decoder, the median counts. */
export function benchDecoder(repetitions = 9): DecoderFigure[] {
  return WORKLOADS.flatMap((workload) => benchWorkload(workload, repetitions));
}

function benchWorkload(workload: Workload, repetitions: number): DecoderFigure[] {
  const chunks = chunksOf(workload);
  const decoders: Record<string, Decode> = {
    learned: ourDecode(chunks, workload, true),
    'without code generation': ourDecode(chunks, workload, false),
    'JSON.parse joined': joinedParse(chunks),
    'JSON.parse per line': parsePerLine(chunks),
  };
  for (const name of ['learned', 'without code generation']) assertEqual(decoders[name] as Decode, chunks, workload);
  const times = new Map(Object.keys(decoders).map((name) => [name, [] as number[]]));
  for (let i = 0; i < repetitions; i++) {
    for (const [name, decode] of Object.entries(decoders)) times.get(name)?.push(cpuPerEvent(decode));
  }
  const median = (name: string): number => (times.get(name) ?? []).sort((a, b) => a - b)[repetitions >> 1] ?? NaN;
  const base = median('JSON.parse joined');
  return Object.keys(decoders).map((decoder) => {
    const nsPerEvent = median(decoder);
    return { workload: workload.name, decoder, nsPerEvent, ratio: nsPerEvent / base };
  });
}

/** Cut at fixed lengths, as a socket does, not at newlines. */
function chunksOf(workload: Workload): Buffer[] {
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 4_294_967_296;
  const lines = Array.from({ length: EVENTS }, (_, i) => `${JSON.stringify(workload.event(i, random))}\n`);
  const whole = Buffer.from(lines.join(''));
  const chunks: Buffer[] = [];
  for (let at = 0; at < whole.length; at += CHUNK_BYTES) {
    chunks.push(Buffer.from(whole.subarray(at, at + CHUNK_BYTES)));
  }
  return chunks;
}

function ourDecode(chunks: readonly Buffer[], workload: Workload, generateCode: boolean): Decode {
  const codec = ndjsonCodec({
    maxRecordBytes: 1_048_576,
    maxBatchEvents: 1024,
    fields: workload.fields,
    keyField: 'key',
    generateCode,
  });
  return (sink) => {
    let count = 0;
    const output: DecoderOutput = {
      batch(events) {
        count += events.length;
        sink(events);
      },
      invalid({ reason }) {
        throw new Error(reason);
      },
    };
    const decoder = codec.decoder();
    for (const chunk of chunks) decoder.write(chunk, output);
    decoder.end(output);
    return count;
  };
}

function joinedParse(chunks: readonly Buffer[]): Decode {
  return (sink) => {
    let count = 0;
    let rest = '';
    for (const chunk of chunks) {
      const text = rest + chunk.toString('latin1');
      const end = text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      const events = JSON.parse(`[${text.slice(0, end).replaceAll('\n', ',')}]`) as unknown[];
      count += events.length;
      sink(events);
    }
    return count;
  };
}

function parsePerLine(chunks: readonly Buffer[]): Decode {
  return (sink) => {
    let count = 0;
    let rest = '';
    for (const chunk of chunks) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      const events = lines.map((line): unknown => JSON.parse(line));
      count += events.length;
      sink(events);
    }
    return count;
  };
}

function assertEqual(decode: Decode, chunks: readonly Buffer[], workload: Workload): void {
  const wanted: unknown[] = [];
  joinedParse(chunks)((events) => wanted.push(...events));
  const { fields } = workload;
  let at = 0;
  decode((events) => {
    for (const event of events) {
      const whole = wanted[at++] as Record<string, unknown>;
      const want = fields === undefined ? whole : Object.fromEntries(fields.map((field) => [field, whole[field]]));
      if (!isDeepStrictEqual(event, want)) throw new Error(`${workload.name}: event ${at - 1} differs`);
    }
  });
  if (at !== wanted.length) throw new Error(`${workload.name}: ${at} events of ${wanted.length}`);
}

/** Kept alive for one batch, as an engine would. */
let last: unknown[] = [];

function cpuPerEvent(decode: Decode): number {
  const before = process.cpuUsage();
  const count = decode((events) => {
    last = events;
  });
  const { user, system } = process.cpuUsage(before);
  if (count !== EVENTS || last.length === 0) throw new Error(`${count} events of ${EVENTS}`);
  return ((user + system) * 1000) / count;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { workload, decoder, nsPerEvent, ratio } of benchDecoder()) {
    console.log(
      `${workload.padEnd(30)} ${decoder.padEnd(24)} ${nsPerEvent.toFixed(0).padStart(6)} ns  ${ratio.toFixed(2)}x`,
    );
  }
}
