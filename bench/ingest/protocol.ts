/** What the bench, its server and its sender tell each other. Times are those of clock.ts. */

import type { Latency } from './confirmations.ts';
import type { Pauses } from './pauses.ts';

export type EngineName = 'daoflow-tcp' | 'daoflow-http' | 'daoflow-durable' | 'rxjs' | 'streams' | 'null';
export type Transport = 'tcp' | 'http';

export type ToServer =
  /** Measures from `fromUs` to `toUs`; answers with `Measured` after `settleMs` more. */
  | { readonly kind: 'watch'; readonly fromUs: number; readonly toUs: number; readonly settleMs: number }
  /** Answers with `Answer`. */
  | { readonly kind: 'count' }
  /** Finishes the flow, answers with `Answer`, and ends the process. */
  | { readonly kind: 'end' };

export interface Measured {
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly events: number;
  readonly pauses: Pauses;
  readonly latency: Latency;
}

export interface Answer {
  readonly seen: number;
  readonly matches: number;
}

/** Sends at a fixed rate from `atUs` to `toUs`; answers with `Sent`. */
export interface ToSender {
  readonly rate: number;
  readonly atUs: number;
  readonly toUs: number;
}

export interface Sent {
  /** Since the sender began. */
  readonly sent: number;
  /** Matches among them. */
  readonly matches: number;
  /** POSTs that the server had no room for, since the sender began; each was sent again. */
  readonly refused: number;
  /** How far behind its schedule it was at the end: what could not be sent in time. */
  readonly behindMs: number;
  /** How late a chunk left, at the 99th percentile: the sender's own part of the latency. */
  readonly lateP99Ms: number;
  /** CPU of the sender, ratio of one core. */
  readonly cpuRatio: number;
}
