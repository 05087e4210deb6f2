/**
 * CPU time per event of the NDJSON encoder against JSON.stringify per event; the bytes are compared first.
 *
 * `npm exec -- rolldown bench/micro/encoder.ts -p node -o .build/encoder-bench.mjs && node .build/encoder-bench.mjs`
 */
import { pathToFileURL } from 'node:url';
import { NdjsonEncoder } from '../../src/codec/encode-ndjson.ts';

const BATCH = 512;
const BATCHES = 128;

export interface EncoderFigure {
  readonly workload: string;
  readonly nsPerEvent: number;
  /** Of JSON.stringify in the same process. */
  readonly ratio: number;
}

/** `repetitions` of about 65,000 events, the median counts. */
export function benchEncoder(repetitions = 9): EncoderFigure[] {
  return [
    benchWorkload('3 decimals', repetitions, (random) => Math.round(random * 100_000) / 1000),
    benchWorkload('full doubles', repetitions, (random) => random * 1000),
  ];
}

function benchWorkload(workload: string, repetitions: number, value: (random: number) => number): EncoderFigure {
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 4_294_967_296;
  const events = Array.from({ length: BATCH }, (_, i) => ({
    ts: 1_700_000_000_000 + i,
    key: `key-${Math.floor(random() * 1000)}`,
    value: value(random()),
    type: 'click',
  }));
  const encoder = new NdjsonEncoder();
  const ours = (): Buffer => encoder.encode(events);
  const native = (): Buffer => Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  if (!ours().equals(native())) throw new Error(`${workload}: the bytes differ`);
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < repetitions; i++) {
    times[0].push(cpuPerEvent(ours));
    times[1].push(cpuPerEvent(native));
  }
  const [nsPerEvent, base] = times.map((list) => list.sort((a, b) => a - b)[repetitions >> 1] ?? NaN) as [
    number,
    number,
  ];
  return { workload, nsPerEvent, ratio: nsPerEvent / base };
}

function cpuPerEvent(encode: () => Buffer): number {
  const before = process.cpuUsage();
  for (let i = 0; i < BATCHES; i++) encode();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / (BATCH * BATCHES);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { workload, nsPerEvent, ratio } of benchEncoder()) {
    console.log(
      `${workload.padEnd(20)} ${nsPerEvent.toFixed(0).padStart(6)} ns  ${ratio.toFixed(2)}x of JSON.stringify`,
    );
  }
}
