/**
 * A durable log as a source and a sink: a queue between flows, and between runs of one.
 *
 * Invariants (log-connector.test.ts, test/contract)
 * - A record is acknowledged to the log once every sink has confirmed it; with a `data` directory, once no checkpoint
 *   that may still serve lacks it.
 * - Positions are sequences of the log. Records of one read go through the decoder as one text, at an offset at which that
 *   text ends at the last sequence; in between an offset is too low, never too high, since a record has a byte at least.
 */

import type { Sink } from '../../event/sink.ts';
import type { ByteOutput, ByteSource, SourceContext } from '../../event/source.ts';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import { systemFileSystem } from '../../host/file-system.ts';
import { openLog, type Log } from '../../log/log.ts';
import type { LogOptions } from '../../log/options.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Scheduler } from '../../time/clock.ts';
import { jsonOf } from '../encode-lines.ts';
import { nameOption } from '../options.ts';
import { onAbort } from '../waiting.ts';

export interface LogConnectorOptions {
  /** In metrics and errors. Default `log`. */
  readonly name?: string;
  /** As a source: wait for what is appended later (default), or end at the last record that is there. */
  readonly follow?: boolean;
  /** How a log that is named by its directory is opened. */
  readonly log?: LogOptions;
}

/** A source and a sink in one: the flow uses the side that it needs. */
export interface LogConnector extends ByteSource, Sink<unknown> {}

const NEWLINE = 10;
const BLANK = 32;

/**
 * A durable log of JSON, one event (or several lines) per record.
 *
 * As a source it begins after what was acknowledged and acknowledges what is done, so that nothing is lost and segments go
 * when all in them is done; in a flow with a `data` directory it goes on with the checkpoint. A record that is no JSON
 * becomes a dead letter. As a sink it confirms a batch once it is durable; after a crash outputs since the last checkpoint
 * are there twice.
 *
 * @param place - the directory of a log, which one process at a time has open, or a log that is open already: that one
 *   stays open, so one process can append to it, and read and write it in several flows
 * @throws ConfigError for options that do not exist. Running: what `durableLog` and reading a log throw
 * @example
 * flow('inbox').from(log('inbox', { follow: false })).to(log('outbox'))
 */
export function log(place: string | Log, options: LogConnectorOptions = {}): LogConnector {
  knownOptions(options, 'log()', ['name', 'follow', 'log']);
  if (typeof place === 'string' ? place === '' : typeof (place as Partial<Log> | null)?.append !== 'function') {
    throw new ConfigError('log()', 'the path of a directory, or a log that durableLog has opened', place);
  }
  const name = nameOption(options.name, 'log().name', 'log');
  let reading: Log | undefined;
  return {
    kind: 'bytes',
    name,
    format: 'ndjson',
    replays: true,
    acknowledged: (_partition, offset) => {
      if (offset > 0) reading?.acknowledge(offset);
    },
    run: async (output, context) => {
      const own = await opened(place, options, context.scheduler);
      reading = own;
      try {
        await readInto(output, own, { name, follow: options.follow ?? true, context });
      } finally {
        reading = undefined;
        if (own !== place) await own.close();
      }
    },
    deadline: false,
    limits: { maxConcurrency: 1 },
    open: async ({ scheduler }) => {
      const own = await opened(place, options, scheduler);
      const encoder = new TextEncoder();
      return {
        write: async (events) => {
          if (events.length > 0) await own.append(events.map((event) => encoder.encode(jsonOf(event, name))));
        },
        close: async () => (own === place ? undefined : own.close()),
      };
    },
  };
}

function opened(place: string | Log, options: LogConnectorOptions, scheduler: Scheduler): Promise<Log> {
  if (typeof place !== 'string') return Promise.resolve(place);
  return openLog(place, options.log ?? {}, { fileSystem: systemFileSystem(), scheduler });
}

interface Reading {
  readonly name: string;
  readonly follow: boolean;
  readonly context: SourceContext;
}

async function readInto(output: ByteOutput, own: Log, { name, follow, context }: Reading): Promise<void> {
  const { resume, signal } = context;
  const [done = own.stats.acknowledged] = resume.values();
  const batches = own.read({ from: done + 1, follow });
  const stopped = new Promise<undefined>((resolve) => void onAbort(signal, () => resolve(undefined)));
  for (;;) {
    const next = await Promise.race([batches.next(), stopped]);
    if (next === undefined || next.done === true) return;
    const blocked = handOver(output, name, next.value);
    if (blocked !== undefined) await Promise.race([blocked, stopped]);
    if (signal.aborted) return;
  }
}

/** In one turn, so that a checkpoint has all of it or nothing of it. */
function handOver(output: ByteOutput, partition: string, batch: RecordBatch): undefined | Promise<void> {
  const text = joined(batch);
  const channel = output.channel(partition, 'ndjson', batch.last - text.length);
  const blocked = channel.write(text);
  channel.end();
  return blocked;
}

/** Lines without a line end after the last, so that the text ends where the last record does. */
function joined(batch: RecordBatch): Uint8Array {
  const payloads = [...batch];
  const bytes = payloads.reduce((sum, { length }) => sum + Math.max(1, length), payloads.length - 1);
  const text = new Uint8Array(bytes).fill(BLANK);
  let end = 0;
  payloads.forEach((payload, i) => {
    if (i > 0) text[end++] = NEWLINE;
    text.set(payload, end);
    end += Math.max(1, payload.length);
  });
  return text;
}
