import type { Slice } from '../../../event/batch.ts';

/** The stage behind a spill. */
export interface SpillReader {
  /** Whether it has room for more. */
  readonly isWanting: () => boolean;
  /** The slice's reference to its origin passes on. */
  readonly take: (slice: Slice) => void;
  /** All that it has got and neither confirmed nor handed on, oldest first; each slice holds one reference to its origin. */
  readonly held: () => readonly Slice[];
  /** There may be nothing left to wait for. */
  readonly changed: () => void;
}
