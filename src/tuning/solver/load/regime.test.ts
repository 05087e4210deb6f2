import { describe, expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import { observationOf, settingsOf } from '../solver-fixtures.ts';
import { FIRST_REGIME, nextRegime, type RegimeState } from './regime.ts';

const saturated: RegimeState = {
  ...FIRST_REGIME,
  isSaturated: true,
  arrivals: { rate: 1, seen: 10, skip: 0 },
};

/** A saturated period in which ten events were done and the oldest was older than the target of 30 ms. */
function after(some: Partial<StageObservation>, edgeEvents = 10): string {
  const observation = observationOf({ at: 10_000, fullRatio: 1, done: 10, oldestMs: 5000, backlogEvents: 10, ...some });
  const goal = { p95Ms: 30, goal: 'balanced', bounds: NATURAL_BOUNDS } as const;
  return nextRegime(saturated, { observation, settings: settingsOf({ edgeEvents }), goal }).regime;
}

describe('a backlog', () => {
  it('is what waited for longer than a full edge explains', () => {
    expect(after({})).toBe('draining');
    expect(after({ oldestMs: 250 })).toBe('saturated');
    expect(after({ backlogEvents: 100, oldestMs: 2500 }, 200)).toBe('saturated');
  });

  it('is what is left in an edge that has become smaller, unless it is worked off soon', () => {
    expect(after({ backlogEvents: 1000 })).toBe('draining');
    expect(after({ backlogEvents: 1000, done: 1000, oldestMs: 200 })).toBe('saturated');
  });

  it('is not made by events of refused calls', () => {
    expect(after({ rejected: 5 })).toBe('saturated');
  });
});
