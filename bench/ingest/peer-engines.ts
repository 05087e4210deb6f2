/**
 * The same job by hand, in RxJS and in Node streams. Both cut one text per read into lines and parse each
 * with JSON.parse. What one read matched goes to the sink as one batch: per event, both would only be slower.
 */

import { createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline, Transform, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { filter, map, mergeMap, Subject } from 'rxjs';
import type { Engine, Job } from './engine.ts';
import { BIG_ABOVE_CENTS, isRelevant, PROBE_BELOW_CENTS, toPayment } from './workload.ts';
import type { Event, Match, Payment } from './workload.ts';

/** As many as a sink of DaoFlow begins with. */
const CALLS = 4;
const LINE_END = 10;

/** Counts lines and throws them away: what is left is the limit of the sender. */
export function nullServer(): Promise<Engine> {
  let lines = 0;
  const connected = (socket: Socket): void => {
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) lines += 1;
    });
  };
  return serve(connected, () => lines);
}

export function rxjs(job: Job): Promise<Engine> {
  let seen = 0;
  const connected = (socket: Socket): void => {
    const lines = new Lines();
    const probes = new Probes();
    const input = new Subject<string>();
    const batches = new Subject<Match[]>();
    let batch: Match[] = [];
    input
      .pipe(
        map((line) => JSON.parse(line) as Event),
        map(toPayment),
        filter(isRelevant),
        map((payment) => probes.match(payment)),
        filter((match) => match !== undefined),
      )
      .subscribe((match) => batch.push(match));
    batches.pipe(mergeMap((each) => job.sink(each), CALLS)).subscribe({ error: job.failed });
    socket.on('data', (chunk: Buffer) => {
      const whole = lines.of(chunk);
      seen += whole.length;
      for (const line of whole) input.next(line);
      if (batch.length === 0) return;
      batches.next(batch);
      batch = [];
    });
  };
  return serve(connected, () => seen);
}

export function nodeStreams(job: Job): Promise<Engine> {
  let seen = 0;
  const connected = (socket: Socket): void => {
    const lines = new Lines();
    const probes = new Probes();
    const parse = new Transform({
      readableObjectMode: true,
      transform(chunk: Buffer, _encoding, done): void {
        done(
          null,
          lines.of(chunk).map((line) => JSON.parse(line) as Event),
        );
      },
    });
    const condition = new Transform({
      objectMode: true,
      transform(events: Event[], _encoding, done): void {
        seen += events.length;
        const matches: Match[] = [];
        for (const event of events) {
          const payment = toPayment(event);
          const match = isRelevant(payment) ? probes.match(payment) : undefined;
          if (match !== undefined) matches.push(match);
        }
        done(null, matches);
      },
    });
    const sink = new Writable({
      objectMode: true,
      // Everything queued goes in one call.
      writev(batches, done): void {
        const matches = batches.flatMap(({ chunk }) => chunk as Match[]);
        job.sink(matches).then(() => done(), done);
      },
    });
    pipeline(socket, parse, condition, sink, (error) => {
      if (error) job.failed(error);
    });
  };
  return serve(connected, () => seen);
}

/** Whole lines of what arrives. */
class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  of(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() as string;
    return lines;
  }
}

/** The condition: a probe, later something big, per key. */
class Probes {
  readonly #probed = new Set<string>();

  match({ ts, key, cents }: Payment): Match | undefined {
    if (cents < PROBE_BELOW_CENTS) this.#probed.add(key);
    else if (cents > BIG_ABOVE_CENTS && this.#probed.delete(key)) return { ts, key, cents };
    return undefined;
  }
}

async function serve(connected: (socket: Socket) => void, seen: () => number): Promise<Engine> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    connected(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen, end: () => server.close() };
}
