/**
 * How many of the slots that are granted are of use. By Little's law the time of calls that ended well, per ms, is the number
 * of slots that it took; calls that hang or fail took the others for nothing.
 */

import type { CallSample, StageObservation } from '../../../control/observation.ts';

/** With slots of one octave, in the last second or so of it, ms. Plain data. */
export interface SlotUse {
  /** Calls that ended well. */
  readonly okMs: number;
  /** Slots with a call in flight. */
  readonly takenMs: number;
  readonly forMs: number;
}

/** By octave of the slots granted: 1, 2 and 3, 4 to 7, and so on. */
export type SlotUses = readonly (SlotUse | undefined)[];

const MEMORY_MS = 1_000;
const NO_USE: SlotUse = { okMs: 0, takenMs: 0, forMs: 0 };

/** @param since - begin of the stay with so many slots, monotonic ms */
export function withUse(before: SlotUses, observation: StageObservation, slots: number, since: number): SlotUses {
  const { at, durationMs, samples, busyRatio } = observation;
  const ok = samples.filter(({ outcome }) => outcome === 'ok');
  const meanMs = totalMs(ok) / Math.max(1, ok.length);
  // Until a call has lasted, what ends was begun with other slots: of a short one, that is little of a period.
  if (at - durationMs - since < meanMs - CLOCK_MS && at - since < SETTLED_CALLS * meanMs) return before;
  const octave = octaveOf(slots);
  const use = before[octave] ?? NO_USE;
  const keep = Math.max(0, 1 - durationMs / MEMORY_MS);
  const next = {
    okMs: keep * use.okMs + timeOf(observation, 'ok'),
    takenMs: keep * use.takenMs + busyRatio * slots * durationMs,
    forMs: keep * use.forMs + durationMs,
  };
  return Array.from({ length: Math.max(before.length, octave + 1) }, (_, i) => (i === octave ? next : before[i]));
}

/** Clocks have so much play, ms. */
const CLOCK_MS = 1;
/** In a stay of so many calls those that began before it are few. */
const SETTLED_CALLS = 10;

/** Of all calls that ended so in a period, ms. */
export function timeOf({ samples, calls }: StageObservation, outcome: CallSample['outcome']): number {
  // Of many calls only the newest are told one by one.
  const scale = samples.length === 0 ? 0 : calls / samples.length;
  return scale * totalMs(samples.filter((sample) => sample.outcome === outcome));
}

function totalMs(samples: readonly CallSample[]): number {
  return samples.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

export function useOf(uses: SlotUses, slots: number): SlotUse | undefined {
  return uses[octaveOf(slots)];
}

/** With fewer slots, by an octave or more. */
export function smallerUses(uses: SlotUses, slots: number): SlotUse[] {
  return uses.slice(0, octaveOf(slots)).filter((use) => use !== undefined);
}

function octaveOf(slots: number): number {
  return Math.floor(Math.log2(slots));
}

/** Slots. */
export function usefulIn({ okMs, forMs }: SlotUse): number {
  return okMs / forMs;
}

/** Slots. */
export function wastedIn({ okMs, takenMs, forMs }: SlotUse): number {
  return (takenMs - okMs) / forMs;
}

/** Of those taken, 0 to 1. */
export function usefulShare({ okMs, takenMs }: SlotUse): number {
  return takenMs === 0 ? 1 : Math.min(1, okMs / takenMs);
}
