/** An event that could not be processed, kept with the reason, so that nothing is lost in silence. */
export interface DeadLetter {
  readonly flow: string;
  /** Where it failed: `decode`, `schema`, or the operator's or sink's name. */
  readonly at: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly time: number;
  readonly partition: string;
  /** Position of the event's batch or record in its partition. */
  readonly offset: number;
  /** The bytes as received, when decoding or validation failed: all of a record that is no longer than records may be. */
  readonly raw?: Uint8Array | undefined;
  /** Full length of the record when `raw` holds only its beginning. */
  readonly rawBytes?: number | undefined;
  /** The event, when it had been decoded. */
  readonly event?: unknown;
  readonly key?: unknown;
}

/** Bound on `raw`, whatever the source allows: as base64 it fits in a record of the durable log. */
export const DEAD_LETTER_RAW_BYTES: number = 128 * 1024 * 1024;
