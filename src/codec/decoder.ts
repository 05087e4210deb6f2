/**
 * The contract of decoders: bytes of one ordered channel in, batches of events out.
 *
 * Invariants
 * - The result never depends on where the bytes are cut into chunks.
 * - A record that cannot be decoded never stops the others.
 * - Memory is bounded by one chunk plus what is kept of a record (`keptBytes`), whatever arrives.
 */

import { DEAD_LETTER_RAW_BYTES } from '../event/dead-letter.ts';

export interface InvalidRecord {
  readonly reason: string;
  /** A copy of the record's bytes: all of them, or as many as `keptBytes` says. */
  readonly raw: Uint8Array;
  /** Full length in bytes. */
  readonly rawBytes: number;
  /** Position of the record's first byte in the channel. */
  readonly offset: number;
}

/** Where a decoder puts its results, in order, before `write` returns. */
export interface DecoderOutput {
  /**
   * @param events - a fresh array, owned by the receiver from now on
   * @param bytes - bytes consumed for these events, separators included
   * @param endOffset - position in the channel after the last of them
   * @param keyIds - dense ids of the key field (see KeyColumn), when one was asked for
   * @param rawOf - a copy of the bytes of `events[index]`; callable until `batch` returns, and given only with `keepRaw`
   */
  batch(
    events: unknown[],
    bytes: number,
    endOffset: number,
    keyIds: Int32Array | undefined,
    rawOf?: (index: number) => Uint8Array,
  ): void;
  invalid(record: InvalidRecord): void;
}

/** State of one channel. */
export interface Decoder {
  /** The chunk is read before `write` returns and may be reused then. */
  write(chunk: Uint8Array, output: DecoderOutput): void;
  /** Decodes a last record without a terminator; with `truncated` (a reason) reports it as invalid instead. */
  end(output: DecoderOutput, truncated?: string): void;
}

export interface CodecOptions {
  /** A longer record is reported as invalid without being read. */
  readonly maxRecordBytes: number;
  /** Most that is kept of a longer record. Default, and at least: `maxRecordBytes`, and 64 KiB. */
  readonly maxInvalidBytes?: number | undefined;
  /** Largest batch handed out. */
  readonly maxBatchEvents: number;
  /** Materialise only these top-level fields; all when undefined. */
  readonly fields?: readonly string[] | undefined;
  /** String field to number densely for keyed state. */
  readonly keyField?: string | undefined;
  /** The receiver may ask for the raw bytes of an event (to dead-letter what a schema refuses). */
  readonly keepRaw?: boolean | undefined;
  /** False where code generation is switched off or unwanted. */
  readonly generateCode: boolean;
}

/** What is learned on one channel serves all channels of a source, so it lives here. */
export interface Codec {
  decoder(): Decoder;
  /** Dictionary behind the key ids. */
  readonly keyValues: readonly string[];
  stats(): CodecStats;
}

/** Of a record that is too long, however short records must be: enough to see what it is. */
const LEAST_KEPT_BYTES = 65_536;

/** Most bytes that are kept of a record that cannot be read: all of one that is not too long. */
export function keptBytes({ maxRecordBytes, maxInvalidBytes = 0 }: CodecOptions): number {
  return Math.min(DEAD_LETTER_RAW_BYTES, Math.max(LEAST_KEPT_BYTES, maxRecordBytes, maxInvalidBytes));
}

export interface CodecStats {
  readonly records: number;
  /** Records that took the learned path. */
  readonly learned: number;
  readonly invalid: number;
}
