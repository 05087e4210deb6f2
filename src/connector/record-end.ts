/**
 * A byte channel that can be ended early without cutting a record in two.
 *
 * **Invariants** (record-end.test.ts)
 * - After `finish`, nothing was handed over beyond the line end that closes the record then open.
 * - Cost: one look at the last byte per chunk.
 *
 * A line end inside a quoted CSV field counts as the end of a record here: a run that is aborted just
 * there leaves that one record in the dead letters.
 */

import type { ByteChannel, ChannelTotals, Format } from '../event/source.ts';

const LINE_END = 10;

export class RecordEnd {
  readonly #channel: ByteChannel;
  /** A JSON document is one record: no line end closes it. */
  readonly #hasLines: boolean;
  #isBetween = true;
  #hasEnded = false;

  constructor(channel: ByteChannel, format: Format) {
    this.#channel = channel;
    this.#hasLines = format !== 'json';
  }

  /** True when the last byte handed over ended a record, or nothing was handed over. */
  get isBetween(): boolean {
    return this.#isBetween;
  }

  write(chunk: Uint8Array, acceptedAt?: number): undefined | Promise<void> {
    if (chunk.length === 0) return undefined;
    this.#isBetween = this.#hasLines && chunk[chunk.length - 1] === LINE_END;
    return this.#channel.write(chunk, acceptedAt);
  }

  /** Hands over what belongs to the open record. @returns true when it is complete now: read no more */
  finish(chunk: Uint8Array): boolean {
    if (this.#isBetween) return true;
    const at = this.#hasLines ? chunk.indexOf(LINE_END) : -1;
    void this.write(at < 0 ? chunk : chunk.subarray(0, at + 1));
    return at >= 0;
  }

  /** Idempotent. @param truncated - why the bytes end here, when that is not where they should end */
  end(truncated?: string): ChannelTotals | undefined {
    if (this.#hasEnded) return undefined;
    this.#hasEnded = true;
    return this.#channel.end(truncated === undefined || this.#isBetween ? {} : { truncated });
  }
}
