import type { Random, Scheduler } from '../time/clock.ts';
import type { GivenBatch, SourceBatch } from './batch.ts';

/** Text formats that the engine decodes itself. */
export type Format = 'ndjson' | 'csv' | 'tsv' | 'json';

export const FORMATS: readonly Format[] = ['ndjson', 'csv', 'tsv', 'json'];

export interface SourceContext {
  readonly flow: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Aborted: stop taking in, hand over what was already taken, then let `run` resolve. */
  readonly signal: AbortSignal;
  /** The flow's data directory, for a source that keeps what it took until it is done. */
  readonly data?: string | undefined;
  /** For a source that `replays`: partition -> offset after the last event that must not come again. */
  readonly resume: ReadonlyMap<string, number>;
  /** Says something a person should see once: where a server listens, a file that was skipped. */
  notice(level: 'info' | 'warn', message: string): void;
}

/** How far a run of batches has come. */
export interface TakenRun {
  /** Index after the last one that was taken. */
  readonly end: number;
  /** As `write` answered for it; undefined where none was taken. */
  readonly blocked: undefined | Promise<void>;
}

/**
 * Where a source writes. Sync-first back-pressure: `undefined` means go on; a promise means that the
 * batch was taken but no more should come before it resolves.
 */
export interface SourceOutput<E> {
  write(batch: SourceBatch<E>): undefined | Promise<void>;
  /**
   * `write` for as many of `batches[from..to)` as may go together: what is the same for all of them is done once. The way in
   * for batches that are at hand. It may take none: then `write` the first one.
   */
  writeRun(batches: readonly GivenBatch<E>[], from: number, to: number): TakenRun;
  /** True while a promise of `write` is pending: what a source that can refuse (HTTP 429) asks first. */
  readonly isFull: boolean;
  /** Nothing more will come of this partition for now: event time no longer waits for it. */
  endPartition(partition: string): void;
}

/** Produces events. A descriptor: `run` may be called once per run of the flow and keeps all state local. */
export interface EventSource<E> {
  readonly kind: 'events';
  readonly name: string;
  /**
   * It begins where `context.resume` says, and gives the same events again: a flow with a `data` directory goes on there.
   * `with data`: it can only where the flow has one.
   */
  readonly replays?: boolean | 'with data';
  run(output: SourceOutput<E>, context: SourceContext): Promise<void>;
  /** Gap-free prefix: everything before `offset` of `partition` is confirmed by every sink. */
  acknowledged?(partition: string, offset: number): void;
}

/** What became of a finished byte channel. */
export interface ChannelTotals {
  readonly accepted: number;
  readonly invalid: number;
}

/** One ordered stream of bytes (a connection, a file, a request body), decoded by the engine. */
export interface ByteChannel {
  /**
   * The chunk is read before `write` returns and may be reused then.
   * @param acceptedAt - monotonic ms; now, when left out
   */
  write(chunk: Uint8Array, acceptedAt?: number): undefined | Promise<void>;
  /** A last record without a line end is decoded; with `truncated`, it goes to the dead letters. */
  end(options?: { readonly truncated?: string }): ChannelTotals;
}

export interface ByteOutput {
  /**
   * @param format - default: the source's own
   * @param offset - position in the partition of the first byte that will be written. Default 0
   */
  channel(partition: string, format?: Format, offset?: number): ByteChannel;
  readonly isFull: boolean;
  /** See SourceOutput. Call it after `end` when the channel was the whole partition (a file, a connection). */
  endPartition(partition: string): void;
}

/** Produces bytes in a text format; framing, decoding and validation are the engine's. */
export interface ByteSource {
  readonly kind: 'bytes';
  readonly name: string;
  /** See EventSource. */
  readonly replays?: boolean | 'with data';
  readonly format: Format;
  /** CSV and TSV: names of the columns, where the text does not begin with them. */
  readonly header?: readonly string[] | undefined;
  /** Events longer than this are dead-lettered, not read. Default 1 MiB. */
  readonly maxEventBytes?: number | undefined;
  /** Most bytes that the dead letter of a longer event keeps, for a source that cannot give it again. Default: as maxEventBytes. */
  readonly maxInvalidBytes?: number | undefined;
  run(output: ByteOutput, context: SourceContext): Promise<void>;
  acknowledged?(partition: string, offset: number): void;
}

/** A byte source has no event type of its own: the flow's schema or type argument gives it. */
export type Source<E> = EventSource<E> | ByteSource;
