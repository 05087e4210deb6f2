/** What runs the flows of this bench: DaoFlow, the hand-written loop and the peers. */

import type { Tally } from './events.ts';

export type Batch = readonly unknown[];

/** One synchronous operator of a flow. */
export type Operator =
  | { readonly kind: 'map'; readonly fn: (event: never) => unknown }
  | { readonly kind: 'filter'; readonly fn: (event: never) => boolean };

/** The end of a flow. Peers that pass arrays on use `all`, so that none pays a call per event that it need not. */
export interface Terminal {
  readonly one: (event: never) => void;
  readonly all: (events: readonly never[]) => void;
  /** The input of one pass has ended. */
  readonly end: () => void;
}

/** A call that takes a while: one per event, or one per array. */
export type Call = (input: never) => Promise<unknown>;

/** A library. Each method builds the pipeline in the library's best configuration and runs all batches through it. */
export interface Peer {
  readonly name: string;
  readonly run: (batches: readonly Batch[], operators: readonly Operator[], terminal: Terminal) => void | Promise<void>;
  /** A call per event, at most `inFlight` at once. */
  readonly each?: (batches: readonly Batch[], call: Call, inFlight: number) => Promise<void>;
  /** A call per array, at most `inFlight` at once. */
  readonly arrays?: (batches: readonly Batch[], call: Call, inFlight: number) => Promise<void>;
}

/** One flow of one contestant, made ready. */
export interface OpenFlow {
  readonly run: (batches: readonly Batch[]) => void | Promise<void>;
  /** It takes whole passes only. */
  readonly isWhole?: boolean;
  /** Ends the flow; what all runs together gave. */
  readonly close: () => Tally | Promise<Tally>;
}

/** A type of the user's functions, as a generic pipeline sees them. */
export type Fn = (event: unknown) => unknown;

export function fnOf(operator: Operator): Fn {
  return operator.fn as Fn;
}
