/**
 * The parametric part of the cost model: duration = sum of c_ij f_i(batch) g_j(calls in flight), all c_ij >= 0, with
 * f of 1, log (1 + b), sqrt b, b, b^2 and g of 1, n - 1, n (n - 1), max(0, n - knee). Products, because what grows with the batch
 * (bandwidth) and what does not (a round trip) need not suffer alike from other calls.
 *
 * Or all calls share room for so many events (bandwidth, memory):
 * then it is F(b) U(n) C(n b), and half the batch in twice the calls costs none of C.
 *
 * It says what to expect where nothing has been measured; where something has, the residual (residual.ts) corrects
 * it. How it is fitted: prior-fit.ts.
 * Sources: Gunther 2007 (universal scalability law) for n (n - 1); finite servers for the knee.
 */

/** Plain data. */
export interface Prior {
  readonly terms: readonly Term[];
  readonly knee: number;
  /** Absent: the number of events in flight by itself does not matter. */
  readonly crowd?: Crowd;
}

export interface Term {
  readonly batch: BatchTerm;
  readonly inFlight: InFlightTerm;
  /** Its coefficient. */
  readonly ms: number;
}

/** Calls last `1 + linear x + square x^2` times as long, x being the share by which events in flight exceed the room for them. */
interface Crowd {
  readonly room: number;
  readonly linear: number;
  readonly square: number;
}

/** `first`: 1 + b / 20, while there is only one batch size to go by. */
export type BatchTerm = 'one' | 'log' | 'root' | 'linear' | 'square' | 'first';
export type InFlightTerm = 'one' | 'linear' | 'square' | 'bent';

/** Before anything is known: a call of twenty events costs twice one without; calls do not disturb each other. */
export const BLANK_PRIOR: Prior = { terms: [{ batch: 'first', inFlight: 'one', ms: 1 }], knee: 1 };

const LEAST_MS = 1e-4;

/** Logarithm of the duration in ms, without the common level. */
export function priorLogMs({ terms, knee, crowd }: Prior, b: number, n: number): number {
  let sum = 0;
  for (const { batch, inFlight, ms } of terms) sum += ms * batchValue(batch, b) * inFlightValue(inFlight, n, knee);
  return Math.log(Math.max(sum, LEAST_MS) * (crowd === undefined ? 1 : crowding(crowd, b * n)));
}

function crowding({ room, linear, square }: Crowd, events: number): number {
  const over = Math.max(0, events / room - 1);
  return 1 + over * (linear + square * over);
}

export function batchValue(term: BatchTerm, b: number): number {
  switch (term) {
    case 'one':
      return 1;
    case 'log':
      return Math.log2(1 + b);
    case 'root':
      return Math.sqrt(b);
    case 'linear':
      return b;
    case 'square':
      return b * b;
    case 'first':
      return 1 + b / 20;
  }
}

export function inFlightValue(term: InFlightTerm, n: number, knee: number): number {
  switch (term) {
    case 'one':
      return 1;
    case 'linear':
      return n - 1;
    case 'square':
      return n * (n - 1);
    case 'bent':
      return Math.max(0, n - knee);
  }
}
