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
  /** The bytes as received (at most `DEAD_LETTER_RAW_BYTES` of them), when decoding or validation failed. */
  readonly raw?: Uint8Array | undefined;
  /** Full length of the record when `raw` holds only its beginning. */
  readonly rawBytes?: number | undefined;
  /** The event, when it had been decoded. */
  readonly event?: unknown;
  readonly key?: unknown;
}

/** Bound on `raw`: a longer record is named by partition, offset and length. */
export const DEAD_LETTER_RAW_BYTES = 65_536;
