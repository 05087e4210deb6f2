import { expect, it } from 'vitest';
import { Histogram } from '../../../stats/histogram.ts';
import type { StageObservation } from '../../../control/observation.ts';
import { countSince, EMPTY_LEDGER, longestSilence, recorded } from './ledger.ts';

/** A period of 100 ms that ends at `at`. */
function period(at: number, ended: string, inFlight: number): StageObservation {
  const samples = Array.from(ended, (call) => ({
    batch: 1,
    inFlightAtStart: 1,
    inFlightMean: 1,
    durationMs: 50,
    outcome: call === '!' ? ('rejected' as const) : ('ok' as const),
    endedAt: at,
  }));
  return {
    stage: 's',
    at,
    durationMs: 100,
    arrived: 0,
    bulk: 0,
    done: 0,
    failed: 0,
    rejected: 0,
    backlogEvents: 0,
    backlogBytes: 0,
    oldestMs: 0,
    newestMs: 0,
    outsideMs: undefined,
    inFlight,
    calls: samples.length,
    waitingRetries: 0,
    gate: 'open',
    pause: undefined,
    busyRatio: 0,
    fullRatio: 0,
    latency: new Histogram(),
    cuts: { limit: 0, drained: 0 },
    samples,
  };
}

it('counts a call as granted when it starts, not when it ends', () => {
  const first = recorded(EMPTY_LEDGER, period(100, '!', 4)); // four started and are on their way
  const second = recorded(first, period(200, '....', 0));
  expect(countSince(first, 0)).toMatchObject({ started: 5, refused: 1, granted: 4 });
  expect(countSince(second, 100)).toMatchObject({ started: 0, granted: 0, durationMs: 100 });
});

it('knows for how long everything was refused', () => {
  const ledger = ['..', '!!', '!!', '.', '!'].reduce(
    (former, ended, i) => recorded(former, period(100 * (i + 1), ended, 0)),
    EMPTY_LEDGER,
  );
  expect(longestSilence(ledger, 0)).toBe(200);
  expect(longestSilence(ledger, 300)).toBe(100);
});
