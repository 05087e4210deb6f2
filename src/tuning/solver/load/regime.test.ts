import { describe, expect, it } from 'vitest';
import { NATURAL_BOUNDS } from '../../../control/goal.ts';
import type { StageObservation } from '../../../control/observation.ts';
import { observationOf, settingsOf } from '../solver-fixtures.ts';
import { FIRST_REGIME, isBehind, nextRegime, type RegimeState } from './regime.ts';

const saturated: RegimeState = {
  ...FIRST_REGIME,
  isSaturated: true,
  arrivals: { rate: 1, seen: 10, skip: 0 },
};

const goal = { p95Ms: 30, goal: 'balanced', bounds: NATURAL_BOUNDS } as const;
/** Of a second, which has just ended at 10 s. */
const call = {
  batch: 10,
  inFlightAtStart: 1,
  inFlightMean: 1,
  durationMs: 1000,
  outcome: 'ok',
  endedAt: 9990,
} as const;

/** A saturated period in which ten events were done and the oldest was older than the target of 30 ms. */
function after(some: Partial<StageObservation>, edgeEvents = 10): string {
  const observation = observationOf({ at: 10_000, fullRatio: 1, done: 10, oldestMs: 5000, backlogEvents: 10, ...some });
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

  it('is no longer only worked off once it has become no younger for a second, until it does', () => {
    const regimesOf = (before: RegimeState, ages: readonly number[]): RegimeState[] => {
      const found: RegimeState[] = [];
      for (const oldestMs of ages) {
        const observation = observationOf({ at: 10_000, fullRatio: 1, done: 10, backlogEvents: 10, oldestMs });
        found.push(nextRegime(found.at(-1) ?? before, { observation, settings: settingsOf({ edgeEvents: 10 }), goal }));
      }
      return found;
    };
    const growing = regimesOf(
      saturated,
      Array.from({ length: 30 }, (_, i) => 5000 + 10 * i),
    );
    expect(growing.map(({ regime }) => regime).indexOf('saturated')).toBe(10);
    const last = growing.at(-1) as RegimeState;
    expect([last.regime, isBehind(last)]).toEqual(['saturated', true]);
    const younger = regimesOf(
      last,
      Array.from({ length: 20 }, (_, i) => 5000 - 10 * i),
    );
    expect(younger[10]?.regime).toBe('saturated');
    expect(younger.at(-1)?.regime).toBe('draining');
    expect(regimesOf(last, [100]).map(isBehind)).toEqual([false]);
  });

  it('is not made by calls that last longer than a period: what ends in one was not done in it alone', () => {
    expect(after({ samples: [call], inFlight: 1, oldestMs: 2500 })).toBe('saturated');
    expect(after({ samples: [{ ...call, durationMs: 50 }], inFlight: 1, oldestMs: 2500 })).toBe('draining');
  });

  it('is not what queued up while a call of a former, larger batch ran', () => {
    const regimeAt = (at: number, before: RegimeState): RegimeState => {
      const observation = observationOf({
        at,
        fullRatio: 1,
        done: 10,
        oldestMs: 1500,
        backlogEvents: 10,
        samples: [at === 10_000 ? { ...call, batch: 1000 } : { ...call, durationMs: 90, endedAt: at - 5 }],
      });
      return nextRegime(before, { observation, settings: settingsOf({ edgeEvents: 10 }), goal });
    };
    const ended = regimeAt(10_000, saturated);
    expect(regimeAt(10_100, ended).regime).toBe('saturated');
    expect(regimeAt(12_100, ended).regime).toBe('draining');
  });

  it('is not what is left of a larger edge whose events came together', () => {
    let state = saturated;
    const regimes = [80, 60, 40, 20].map((backlogEvents, i) => {
      const observation = observationOf({ at: 10_000, fullRatio: 1, done: 2, backlogEvents, oldestMs: 1000 * i });
      state = nextRegime(state, {
        observation,
        settings: settingsOf({ edgeEvents: 1 }),
        goal: { ...goal, p95Ms: 400 },
      });
      return state.regime;
    });
    expect(new Set(regimes)).toEqual(new Set(['saturated']));
  });

  it('is not made by events of refused calls, nor by what waits for the slots of these', () => {
    expect(after({ rejected: 5 })).toBe('saturated');
    expect(after({ waitingRetries: 5 })).toBe('saturated');
  });
});

describe('a full edge while a backlog is worked off', () => {
  const goal = { p95Ms: 30, goal: 'balanced', bounds: NATURAL_BOUNDS } as const;

  /** Periods on end with a full edge that explains 100 ms of waiting; the oldest event is as old as said. */
  function regimesOf(ages: readonly number[]): string[] {
    let state: RegimeState = { ...FIRST_REGIME, regime: 'draining', arrivals: { rate: 1, seen: 10, skip: 0 } };
    return ages.map((oldestMs, i) => {
      const at = 10_000 + 100 * i;
      const observation = observationOf({ at, fullRatio: 1, done: 10, backlogEvents: 10, oldestMs });
      state = nextRegime(state, { observation, settings: settingsOf({ edgeEvents: 10 }), goal });
      return state.regime;
    });
  }

  it('is that of a source which always has more, if it explains what waits', () => {
    expect(regimesOf(Array.from({ length: 6 }, () => 110)).at(-1)).toBe('saturated');
  });

  it('is not while what waits is older than it explains', () => {
    expect(new Set(regimesOf(Array.from({ length: 12 }, () => 250)))).toEqual(new Set(['draining']));
  });

  it('is not while what waits becomes younger', () => {
    expect(new Set(regimesOf([190, 175, 160, 145, 130, 115, 100, 85, 70]))).toEqual(new Set(['draining']));
  });
});

describe('a source that waits', () => {
  const carrying: RegimeState = { ...FIRST_REGIME, regime: 'carrying', arrivals: { rate: 1, seen: 10, skip: 0 } };
  const after = (periods: number, some: Partial<StageObservation>, from = carrying): RegimeState => {
    let state = from;
    for (let i = 1; i <= periods; i += 1) {
      const observation = observationOf({ at: 10_000 + 100 * i, done: 10, backlogEvents: 10, ...some });
      state = nextRegime(state, { observation, settings: settingsOf({ edgeEvents: 10 }), goal });
    }
    return state;
  };

  it('leaves no backlog: a full edge is saturated, not drained', () => {
    expect(after(1, { fullRatio: 1, oldestMs: 5000, outsideMs: 100 }).regime).toBe('draining');
    const waiting = after(5, { outsideMs: 7 });
    expect(after(1, { fullRatio: 1, oldestMs: 5000, outsideMs: 7 }, waiting).regime).toBe('carrying');
    expect(after(4, { fullRatio: 1, oldestMs: 5000, outsideMs: 7 }, waiting).regime).toBe('saturated');
  });
});

describe('an edge that another stage fills', () => {
  const shared = { ...goal, isFed: true };
  const over = (before: RegimeState, periods: number, some: Partial<StageObservation>): RegimeState => {
    let state = before;
    for (let i = 1; i <= periods; i += 1) {
      const observation = observationOf({ at: 10_000 + 100 * i, done: 10, backlogEvents: 10, ...some });
      state = nextRegime(state, { observation, settings: settingsOf({ edgeEvents: 10 }), goal: shared });
    }
    return state;
  };

  it('that is full has what the sources have, however old: it is no backlog to be worked off', () => {
    expect(over(saturated, 1, { fullRatio: 1, oldestMs: 5000 }).regime).toBe('saturated');
    const draining: RegimeState = { ...saturated, regime: 'draining', isSaturated: false };
    expect(over(draining, 1, { fullRatio: 1, oldestMs: 5000 }).regime).toBe('saturated');
    expect(over(saturated, 1, { fullRatio: 0, oldestMs: 5000 }).regime).toBe('draining');
  });

  it('that fills for a moment is carried on, one that stays full is saturated', () => {
    const carrying: RegimeState = { ...saturated, regime: 'carrying', isSaturated: false };
    expect(over(carrying, 3, { fullRatio: 1 }).regime).toBe('carrying');
    expect(over(carrying, 4, { fullRatio: 1 }).regime).toBe('saturated');
    expect(over(over(carrying, 3, { fullRatio: 1 }), 1, { fullRatio: 0 }).turning).toBe(0);
  });
});
