import type { Damage } from './damage.ts';

export type PauseReason = 'disk-full' | 'log-full' | 'too-many-files';

/** What a person should know about a log. */
export type LogEvent =
  /** Nothing is appended until there is room again; nothing is dropped. */
  | { readonly kind: 'paused'; readonly reason: PauseReason }
  | { readonly kind: 'resumed' }
  /** A file failed: it is left as it is, and what was not acknowledged was written to a new one. */
  | { readonly kind: 'segment-abandoned'; readonly segment: string; readonly cause: unknown }
  /** Removing acknowledged segments or writing the ledger failed; it is tried again. Nothing is lost. */
  | { readonly kind: 'upkeep-failed'; readonly cause: unknown }
  /** Removed by age or size. `unacknowledged`: how many of the records had not been acknowledged. */
  | { readonly kind: 'expired'; readonly first: number; readonly last: number; readonly unacknowledged: number }
  /** A crash left records that were never acknowledged unfinished; they are gone, as they may be. */
  | { readonly kind: 'tail-cut'; readonly segment: string; readonly offset: number; readonly bytes: number }
  /** With `acceptLoss`: what the log now goes on without. */
  | { readonly kind: 'loss-accepted'; readonly damages: readonly Damage[] }
  /** A segment of a writer that had lost its lock: none of it is read. */
  | { readonly kind: 'stale-segment'; readonly segment: string }
  /** The ledger could not be read: all records that are there count as not acknowledged. */
  | { readonly kind: 'ledger-lost' };
