import { beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../control/decision.ts';
import type { DecisionRecord } from '../../control/decision-record.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { DecisionLog, KEPT_DECISIONS } from './decision-log.ts';
import { observed } from './stage-observation-fixtures.ts';

let log: DecisionLog;
let decided: string[];
let ended: DecisionRecord[];

const BEFORE = { throughput: 1000, p95Ms: 41 };

beforeEach(() => {
  decided = [];
  ended = [];
  log = new DecisionLog(new VirtualScheduler(), {
    decided: ({ sentence }) => decided.push(sentence),
    ended: (record) => ended.push(record),
  });
});

function decision(given: Partial<Decision> = {}): Decision {
  return {
    kind: 'move',
    stage: 'sink',
    at: 1000,
    changes: [
      { knob: 'batchLimit', from: 1, to: 128 },
      { knob: 'concurrency', from: 1, to: 4 },
      { knob: 'edgeEvents', from: 2, to: 1000 },
    ],
    reason: 'calls are cheaper by the dozen',
    evidence: {},
    expected: { throughput: 1000, p95Ms: 12 },
    ...given,
  };
}

function trim(from: number, to: number, at = 1000): Decision {
  return decision({ kind: 'trim', at, changes: [{ knob: 'batchLimit', from, to }], reason: 'closer to the target' });
}

/** So many periods, 100 ms each, in which the stage did that. */
function periods(count: number, given: Partial<Parameters<typeof observed>[0]>): void {
  for (let i = 1; i <= count; i += 1) log.observed(observed({ at: 1000 + i * 100, ...given }));
}

describe('a decision in a sentence', () => {
  it('says what changed, why, and what is expected of it', () => {
    log.add(decision(), BEFORE);
    expect(decided).toEqual([
      'sink: batch 1 -> 128, calls 1 -> 4: calls are cheaper by the dozen; p95 41.0 -> 12.0 ms',
    ]);
  });

  it.each([
    [{ expected: { throughput: 4000, p95Ms: 41 } }, '; 1.0K/s -> 4.0K/s'],
    [{ expected: { throughput: 1040, p95Ms: 40 } }, 'by the dozen'],
    [{ changes: [{ knob: 'lingerMs', from: 0, to: 0.4 }], expected: undefined }, 'linger 0 -> 400 us: calls'],
    [{ changes: [{ knob: 'edgeBytes', from: 1e6, to: 2e6 }], expected: undefined }, 'queue 1.0 -> 2.0 MB: calls'],
  ] as const)('%j', (given, part) => {
    log.add(decision(given), BEFORE);
    expect(decided[0]).toContain(part);
  });

  it('says of advice, trials and reverts that they are such', () => {
    log.add(decision(), BEFORE, true);
    log.add(decision({ kind: 'trial' }), BEFORE);
    log.add(decision({ kind: 'revert' }), BEFORE);
    expect(decided.map((sentence) => sentence.slice(0, 14))).toEqual([
      'advice: sink: ',
      'trying sink: b',
      'back to sink: ',
    ]);
  });
});

describe('the log', () => {
  it('makes one entry of the trims of a stage, until its next move', () => {
    log.add(trim(100, 105), BEFORE);
    log.add(trim(105, 110), BEFORE);
    log.add(trim(110, 118), BEFORE);
    expect(decided).toHaveLength(1);
    expect(log.list()).toMatchObject([{ id: 1, count: 3, changes: [{ knob: 'batchLimit', from: 100, to: 118 }] }]);
    log.add(decision(), BEFORE);
    log.add(trim(128, 130), BEFORE);
    expect(log.list().map(({ kind }) => kind)).toEqual(['trim', 'move', 'trim']);
  });

  it('begins another entry of trims after a minute, and never mixes stages', () => {
    log.add(trim(100, 105), BEFORE);
    log.add({ ...trim(7, 8), stage: 'other' }, BEFORE);
    log.add(trim(105, 110, 62_000), BEFORE);
    expect(log.list({ stage: 'sink' })).toHaveLength(2);
  });

  it('keeps the newest, and finds by kind, stage and number', () => {
    for (let i = 0; i < KEPT_DECISIONS + 5; i += 1) log.add(decision(), BEFORE);
    log.add(trim(1, 2), BEFORE);
    expect(log.list()).toHaveLength(KEPT_DECISIONS);
    expect(log.list()[0]?.id).toBe(7);
    expect(log.list({ kind: 'trim' })).toHaveLength(1);
    expect(log.list({ stage: 'none' })).toHaveLength(0);
    expect(log.list({ limit: 2 }).map(({ kind }) => kind)).toEqual(['move', 'trim']);
    expect(log.list({ limit: 0 })).toEqual([]);
  });
});

describe('what came of a decision', () => {
  it.each([
    ['as expected', { done: 100, p95Ms: 13 }],
    ['better', { done: 100, p95Ms: 8 }],
    ['better', { done: 120, p95Ms: 12 }],
    ['worse', { done: 80, arrived: 100, p95Ms: 12 }],
    ['worse', { done: 100, p95Ms: 16 }],
    ['as expected', { done: 50, arrived: 50, p95Ms: 12 }],
  ] as const)('is %s: %j', (verdict, given) => {
    log.add(decision(), BEFORE);
    periods(12, given);
    expect(ended).toEqual([]);
    periods(1, given);
    expect(ended).toMatchObject([{ id: 1, outcome: { verdict, throughput: given.done * 10 } }]);
    expect(log.list()[0]?.outcome?.verdict).toBe(verdict);
  });

  it('leaves out the periods in which calls begun before still end', () => {
    log.add(decision(), BEFORE);
    periods(3, { done: 1, arrived: 100, p95Ms: 400 });
    periods(10, { done: 100, p95Ms: 12 });
    expect(ended[0]?.outcome?.verdict).toBe('as expected');
  });

  it.each([
    ['the event loop stood still', { pause: { endedAt: 0, durationMs: 100 } }],
    ['the target refused calls', { rejected: 5 }],
    ['the target was away', { gate: 'closed' }],
  ] as const)('is unclear when %s', (because, given) => {
    log.add(decision(), BEFORE);
    periods(8, { done: 100, p95Ms: 12 });
    periods(5, { done: 50, arrived: 100, p95Ms: 40, ...given });
    expect(ended[0]?.outcome).toMatchObject({ verdict: 'unclear', because });
  });

  it('is what was seen so far when the next move comes, unclear when that is too little', () => {
    log.add(decision(), BEFORE);
    periods(6, { done: 100, p95Ms: 12 });
    log.add(decision(), BEFORE);
    periods(2, { done: 100, p95Ms: 12 });
    log.add(decision(), BEFORE);
    expect(ended.map(({ outcome }) => outcome)).toMatchObject([
      { verdict: 'as expected' },
      { verdict: 'unclear', because: 'overtaken by decision 3' },
    ]);
  });

  it('is not measured for advice and trims', () => {
    log.add(decision(), BEFORE, true);
    log.add(trim(1, 2), BEFORE);
    periods(20, { done: 1 });
    expect(ended).toEqual([]);
  });
});
