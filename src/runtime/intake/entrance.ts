/** The way into a run for what a source gives: straight on, or one piece at a time while an event is suspected. */

import type { InvalidRecord } from '../../codec/decoder.ts';
import type { KeyColumn } from '../../event/batch.ts';

/** A batch as it came in. */
export type Accept = (
  events: unknown[],
  keys: KeyColumn | undefined,
  bytes: number,
  partition: string,
  endOffset: number,
  /** Monotonic ms, where it is not now. */
  acceptedAt: number | undefined,
  rawOf: ((index: number) => Uint8Array) | undefined,
  /** Told how many events the schema let through and how many were refused, once that is known. */
  counted?: (accepted: number, refused: number) => void,
) => undefined | Promise<void>;

export interface Entrance {
  readonly accept: Accept;
  /** A record that cannot be read. */
  readonly refuse: (partition: string, record: InvalidRecord) => undefined | Promise<void>;
  /** Once everything before it has come in. */
  readonly inTurn: (task: () => void) => void;
  /** The source has ended. */
  readonly close: () => void;
}

/** An event that is not processed. */
export interface Refused {
  readonly at: string;
  readonly reason: string;
  readonly bytes: number;
  readonly partition: string;
  readonly offset: number;
  readonly endOffset: number;
  readonly event?: unknown;
  readonly raw?: Uint8Array | undefined;
  /** Of the record, where `raw` is only its beginning. */
  readonly rawBytes?: number;
}

/** What an inspection leads to. */
export interface DirectEntrance extends Entrance {
  readonly setApart: (event: Refused) => undefined | Promise<void>;
  /** The source is held back until this resolves. */
  readonly holdBack: (until: Promise<void>) => undefined | Promise<void>;
}

/** The decoder uses its arrays again. */
export function ownKeys(keys: KeyColumn | undefined): KeyColumn | undefined {
  return keys === undefined ? undefined : { ...keys, ids: keys.ids.slice() };
}

/** The same, of the bytes of each event. */
export function ownRaws(
  events: readonly unknown[],
  rawOf: ((index: number) => Uint8Array) | undefined,
): ((index: number) => Uint8Array) | undefined {
  if (rawOf === undefined) return undefined;
  const raws = events.map((_, i) => rawOf(i).slice());
  return (i) => raws[i] as Uint8Array;
}
