import { describe, expect, it } from 'vitest';
import { NO_CALLS, withCalls, type CallCost } from './call-cost.ts';
import { predictBatch } from './prediction.ts';
import type { StageReport } from './stage-report.ts';

/** 2 ms a call and 0.1 ms an event, seen at these batch sizes. */
function costOf(sizes: readonly number[]): CallCost {
  const samples = sizes.map((batch) => ({
    batch,
    durationMs: 2 + 0.1 * batch,
    outcome: 'ok' as const,
    inFlightAtStart: 1,
    inFlightMean: 1,
    endedAt: 0,
  }));
  return withCalls(NO_CALLS, [...samples, ...samples, ...samples]);
}

const report = (over: Partial<StageReport> = {}): StageReport => ({
  stage: 'db',
  durationMs: 5000,
  arrived: 5000,
  done: 5000,
  backlogEvents: 0,
  inFlightMean: 4,
  inFlight: 4,
  concurrency: 4,
  batchLimit: 100,
  busyRatio: 1,
  fullRatio: 0,
  p95Ms: 20,
  cost: costOf([20, 50, 80, 100]),
  ...over,
});

describe('the prediction of a batch size', () => {
  it('rests on what calls cost', () => {
    const predicted = predictBatch(10, [report()], undefined);
    // 4 calls of 10 events in 3 ms, instead of 4 of 100 in 12 ms
    expect(predicted).toMatchObject({ stage: 'db' });
    if ('reason' in predicted) throw new Error(predicted.reason);
    expect(predicted.throughput).toBeCloseTo(13_333, -2);
    expect(predicted.change).toBeCloseTo(-0.6, 2);
  });

  it('names the stage that caps the flow', () => {
    const predicted = predictBatch(10, [report({ stage: 'fast', concurrency: 40 }), report()], undefined);
    expect(predicted).toMatchObject({ stage: 'db' });
  });

  it('says why it cannot say', () => {
    expect(predictBatch(10, [], undefined)).toMatchObject({ reason: 'nothing has been measured yet' });
    expect(predictBatch(10, [report({ cost: costOf([50, 50, 50, 50]) })], undefined)).toMatchObject({
      reason: 'stage db has made calls of one size only: what others cost is not known',
    });
    expect(predictBatch(10, [report({ cost: NO_CALLS })], undefined)).toMatchObject({
      reason: 'stage db has made too few calls: what others cost is not known',
    });
  });
});
