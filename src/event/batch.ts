import { ConfigError } from '../errors/errors.ts';
import { batchBytes } from './event-size.ts';
import type { Origin } from './origin.ts';

/**
 * Dense integer ids of one string field, given by the decoder's dictionary, so that keyed state can
 * live in typed arrays. `ids[i]` belongs to `events[i]`; -1 where the value is not in the dictionary.
 * A reader checks `values[ids[i]] === event[field]` (one pointer comparison) and falls back to a
 * lookup, so a stale or foreign id can never give a wrong key.
 */
export interface KeyColumn {
  readonly field: string;
  readonly ids: Int32Array;
  /** Grows only; a value keeps its id for the life of the run. */
  readonly values: readonly string[];
}

/** What a source hands over: usually what one read delivered, 64-1024 events. The array becomes the engine's. */
export interface SourceBatch<E = unknown> {
  readonly events: E[];
  /** Size on the wire, or an estimate; bounds the edges. */
  readonly bytes: number;
  /** Monotonic ms of arrival; now, when left out. Open-loop sources give the intended time. */
  readonly acceptedAt?: number | undefined;
  /** An ordered sub-stream of the source, for example a file or a connection. Default: the source's name. */
  readonly partition?: string | undefined;
  /** Position after the last event. Default: events counted per partition. */
  readonly endOffset?: number | undefined;
  readonly keys?: KeyColumn | undefined;
}

/** A batch, or only its events: their size is estimated then. */
export type GivenBatch<E = unknown> = E[] | SourceBatch<E>;

/** @throws ConfigError when it is neither */
export function batchOf<E>(given: GivenBatch<E>): SourceBatch<E> {
  const batch = batchIn(given);
  if (batch === undefined) throw new ConfigError('batch', 'an array, or an object with an array `events`', given);
  return batch;
}

/** undefined when it is neither */
export function batchIn<E>(given: GivenBatch<E> | undefined): SourceBatch<E> | undefined {
  const batch = Array.isArray(given) ? { events: given, bytes: batchBytes(given) } : given;
  return Array.isArray(batch?.events) ? batch : undefined;
}

/** What an event in memory counts for on the edges when its source gives no size. */
const ASSUMED_EVENT_BYTES = 128;

export function bytesOf({ bytes, events }: SourceBatch): number {
  return bytes > 0 ? bytes : events.length * ASSUMED_EVENT_BYTES;
}

/** A run of events of one origin, as edges hold it. `events` may be shared: never written to. */
export interface Slice {
  readonly events: readonly unknown[];
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
  readonly origin: Origin;
}
