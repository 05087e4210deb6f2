/** A target to write to, the ways to disturb it, and what it has stored. */

import type { Counted, SinkSpec } from './protocol.ts';

export interface Stand {
  readonly name: string;
  /** Most calls at a time that its sink allows. */
  readonly connections: number;
  readonly sink: SinkSpec;
  /** Forgets all rows. */
  readonly reset: () => Promise<void>;
  readonly count: () => Promise<Counted>;
  /** Nothing is stored for so long; resolves when that is over. */
  readonly hold: (forMs: number) => Promise<void>;
  /** Calls take five times as long as they did; resolves when that is over. @param callMs - what they take now */
  readonly slow: (forMs: number, callMs: number) => Promise<void>;
}

export const SLOWDOWN = 5;
