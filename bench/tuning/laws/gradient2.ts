/**
 * Gradient2 of Netflix's concurrency-limits (core/.../limit/Gradient2Limit.java, WindowedLimit.java): the ratio of a long
 * and a short round trip, with room for a queue. Its lowest limit is 1 here: with the published 20 it fails
 * outright on a target that takes less.
 */

import type { CallSample } from 'daoflow';
import type { Law } from './law.ts';
import { limitLaw, meanOf, type Limit } from './limit.ts';

const WINDOW_MS = 1000;
const WINDOW_SAMPLES = 10;
const LONG_WINDOW = 600;
const WARM_UP = 10;
const QUEUE = 4;
const SMOOTHING = 0.2;
const MAX_LIMIT = 200;
const PERIOD_MS = 100;

interface State {
  readonly limit: number;
  readonly window: readonly CallSample[];
  readonly windowAt: number;
  readonly inFlight: number;
  readonly long: number;
  readonly windows: number;
}

function gradientWith(tolerance: number): Law {
  const limit: Limit<State> = {
    initial: { limit: 20, window: [], windowAt: 0, inFlight: 0, long: 0, windows: 0 },
    next: (state, { at, accepted, inFlight }) => {
      const filled = { ...state, window: [...state.window, ...accepted], inFlight: Math.max(state.inFlight, inFlight) };
      const isOver = at - state.windowAt >= WINDOW_MS && filled.window.length >= WINDOW_SAMPLES;
      return isOver ? { ...afterWindow(filled, tolerance), window: [], windowAt: at, inFlight: 0 } : filled;
    },
  };
  return limitLaw(`Gradient2 ${tolerance}`, limit, PERIOD_MS);
}

function afterWindow(state: State, tolerance: number): State {
  const short = meanOf(state.window);
  const windows = state.windows + 1;
  const mean =
    windows <= WARM_UP
      ? (state.long * state.windows + short) / windows
      : state.long + (short - state.long) * (2 / (LONG_WINDOW + 1));
  const long = mean / short > 2 ? mean * 0.95 : mean;
  if (state.inFlight < state.limit / 2) return { ...state, long, windows };
  const gradient = Math.max(0.5, Math.min(1, (tolerance * long) / short));
  const next = state.limit * (1 - SMOOTHING) + (state.limit * gradient + QUEUE) * SMOOTHING;
  return { ...state, long, windows, limit: Math.max(1, Math.min(MAX_LIMIT, next)) };
}

export const gradient2: Law = {
  ...gradientWith(1.5),
  name: 'Gradient2',
  isBaseline: true,
  variants: [1, 1.5, 2, 3].map(gradientWith),
};
