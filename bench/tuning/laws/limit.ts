/** Laws that tune nothing but concurrency: they start from the oracle's batch, linger and edge. */

import { NATURAL_BOUNDS, within } from '../../../src/control/goal.ts';
import type { CallSample, StageObservation } from 'daoflow';
import { settingsAt, type Controller } from 'daoflow/testing';
import { moveOf, type Law } from './law.ts';

export interface Limit<S> {
  readonly initial: S & { readonly limit: number };
  next(state: S & { readonly limit: number }, seen: Seen): S & { readonly limit: number };
}

/** What a limiter looks at. */
export interface Seen {
  readonly at: number;
  readonly accepted: readonly CallSample[];
  readonly isPushedBack: boolean;
  readonly inFlight: number;
}

/** @param periodMs - limiters look after each round trip, not ten times a second */
export function limitLaw<S>(name: string, limit: Limit<S>, periodMs: number): Law {
  type State = S & { readonly limit: number };
  const controller: Controller<State> = {
    name,
    knobs: ['concurrency', 'burstConcurrency'],
    initial: () => limit.initial,
    step: (state, observation, settings, { bounds }) => {
      const next = limit.next(state, seenIn(observation));
      const to = within(bounds.concurrency, Math.round(next.limit));
      const from = settings.concurrency;
      const changes = [
        { knob: 'concurrency', from, to },
        { knob: 'burstConcurrency', from: settings.burstConcurrency, to },
      ] as const;
      return { state: next, decisions: from === to ? [] : moveOf(observation.stage, observation.at, changes, name) };
    },
  };
  return {
    name,
    on: (plant, [first]) => {
      const best = first?.best.best ?? { batchLimit: 100, concurrency: 1, lingerMs: 0, minGapMs: 0 };
      const concurrency = within(plant.bounds?.concurrency ?? NATURAL_BOUNDS.concurrency, limit.initial.limit);
      return { controller, settings: settingsAt({ ...best, concurrency, minGapMs: 0 }, plant), periodMs };
    },
  };
}

function seenIn({ at, samples, inFlight }: StageObservation): Seen {
  return {
    at,
    accepted: samples.filter(({ outcome }) => outcome === 'ok'),
    isPushedBack: samples.some(({ outcome }) => outcome !== 'ok'),
    inFlight: Math.max(inFlight, ...samples.map(({ inFlightAtStart }) => inFlightAtStart)),
  };
}

export function meanOf(samples: readonly CallSample[]): number {
  return samples.reduce((sum, { durationMs }) => sum + durationMs, 0) / samples.length;
}
