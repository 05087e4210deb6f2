import type { Slice } from '../../event/batch.ts';

/**
 * Where slices flow: a segment or a waiting stage. Sync-first: `undefined` means go on, a promise
 * that the slice was taken but the writer should wait for it before the next one.
 */
export interface Target {
  readonly name: string;
  /** Takes over the slice and its reference to the origin. */
  write(slice: Slice): undefined | Promise<void>;
  /** One of the inputs has ended; after the last one the target finishes and closes what follows. */
  close(): void;
}

/** Waits for all of several writes; undefined when none has to be waited for. */
export function both(a: undefined | Promise<void>, b: undefined | Promise<void>): undefined | Promise<void> {
  if (a === undefined) return b;
  if (b === undefined || a === b) return a;
  return Promise.all([a, b]).then(() => undefined);
}
