/**
 * Hill climbing over batch and concurrency, one knob at a time, on throughput that counts less beyond the latency
 * target: keep a step that gains, turn back from one that loses, then try the other knob. No model, no memory.
 */

import { within } from '../../../src/control/goal.ts';
import { Histogram, quantile } from '../../../src/stats/histogram.ts';
import type { StageObservation } from 'daoflow';
import type { Controller } from 'daoflow/testing';
import { lawOf, moveOf, type Law } from './law.ts';

const WINDOW_PERIODS = 5;
/** After a step the first periods still show the old settings. */
const SETTLE_PERIODS = 2;
const GAIN = 1.02;

type Knob = 'batchLimit' | 'concurrency';
type Point = Readonly<Record<Knob, number>>;

interface State {
  readonly best: Point;
  readonly bestValue: number;
  readonly knob: Knob;
  readonly direction: 1 | -1;
  /** The best with one step is being measured, not the best itself. */
  readonly isStep: boolean;
  readonly window: readonly StageObservation[];
}

function climbingWith(step: number): Law {
  const controller: Controller<State> = {
    name: `hill climbing ${step}`,
    knobs: ['batchLimit', 'concurrency', 'burstConcurrency', 'edgeEvents'],
    initial: ({ batchLimit, concurrency }) => ({
      best: { batchLimit, concurrency },
      bestValue: 0,
      knob: 'batchLimit',
      direction: 1,
      isStep: false,
      window: [],
    }),
    step: (state, observation, settings, { p95Ms, bounds }) => {
      const window = [...state.window, observation];
      if (window.length < WINDOW_PERIODS + SETTLE_PERIODS) return { state: { ...state, window }, decisions: [] };
      const value = valueOf(window.slice(SETTLE_PERIODS), p95Ms);
      const next = climbed(state, settings, value);
      const to = moved(next, step);
      const point = {
        batchLimit: within(bounds.batchLimit, to.batchLimit),
        concurrency: within(bounds.concurrency, to.concurrency),
      };
      const all = { ...point, burstConcurrency: point.concurrency, edgeEvents: point.batchLimit };
      const changes = (Object.keys(all) as (keyof typeof all)[])
        .filter((knob) => settings[knob] !== all[knob])
        .map((knob) => ({ knob, from: settings[knob], to: all[knob] }));
      return { state: next, decisions: moveOf(observation.stage, observation.at, changes, 'hill climbing') };
    },
  };
  return lawOf(controller);
}

/** A gain makes the point the new best and goes on; after a loss the best is measured again, for it may have changed. */
function climbed(state: State, at: Point, value: number): State {
  const fresh = { ...state, window: [] };
  if (!state.isStep) return { ...fresh, isStep: true, bestValue: value };
  const { batchLimit, concurrency } = at;
  if (value > state.bestValue * GAIN) return { ...fresh, best: { batchLimit, concurrency }, bestValue: value };
  const direction = state.direction === 1 ? -1 : 1;
  const knob = direction === 1 ? otherThan(state.knob) : state.knob;
  return { ...fresh, isStep: false, direction, knob };
}

function otherThan(knob: Knob): Knob {
  return knob === 'batchLimit' ? 'concurrency' : 'batchLimit';
}

function moved({ best, knob, direction, isStep }: State, step: number): Point {
  if (!isStep) return best;
  const value = best[knob];
  const up = Math.max(value + 1, Math.round(value * step));
  const down = Math.min(value - 1, Math.round(value / step));
  return { ...best, [knob]: Math.max(1, direction === 1 ? up : down) };
}

function valueOf(window: readonly StageObservation[], targetMs: number): number {
  const latency = new Histogram();
  let [done, ms] = [0, 0];
  for (const observation of window) {
    latency.add(observation.latency);
    done += observation.done;
    ms += observation.durationMs;
  }
  const p95Ms = quantile(latency, 0.95) ?? targetMs;
  return (done / ms) * Math.min(1, targetMs / p95Ms) ** 2;
}

export const hillClimbing: Law = {
  ...climbingWith(1.3),
  name: 'hill climbing',
  isBaseline: true,
  variants: [1.15, 1.3, 1.6, 2].map(climbingWith),
};
