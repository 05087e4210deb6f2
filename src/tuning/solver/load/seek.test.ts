import { describe, expect, it } from 'vitest';
import type { StageObservation } from '../../../control/observation.ts';
import { Histogram } from '../../../stats/histogram.ts';
import { observationOf } from '../solver-fixtures.ts';
import { nextSeek, soughtInFlight, WATCHING, type Seek } from './seek.ts';

const goal = { p95Ms: 30, avgMs: 10 };
const FIRST = 4;

/** A period in which events took so long, of which they waited for a call for a third. */
function period(at: number, meanMs: number, more: Partial<StageObservation> = {}): StageObservation {
  const latency = new Histogram();
  latency.record(meanMs, 1000);
  const sample = { batch: 100, inFlightAtStart: 4, inFlightMean: 4, durationMs: (2 * meanMs) / 3 };
  const samples = Array.from({ length: 50 }, () => ({ ...sample, outcome: 'ok' as const, endedAt: at }));
  return observationOf({ at, latency: latency.data(), samples, ...more });
}

/** Runs periods of a stage whose mean is a function of its calls in flight and the time, as settings obey what is sought. */
function run(
  meanAt: (inFlight: number, at: number) => number,
  { periods = 60, more = {}, max = 64 }: { periods?: number; more?: Partial<StageObservation>; max?: number } = {},
): number[] {
  let seek: Seek = WATCHING;
  let inFlight = FIRST;
  const visited: number[] = [];
  for (let i = 1; i <= periods; i += 1) {
    const observation = period(100 * i, meanAt(inFlight, 100 * i), more);
    seek = nextSeek(seek, { observation, goal, inFlight, bound: { min: 1, max }, isSeen: true });
    inFlight = soughtInFlight(seek) ?? inFlight;
    visited.push(inFlight);
  }
  return visited;
}

describe('a stage that stays late', () => {
  it('gets as many calls as are measured to be quickest, whatever the direction', () => {
    expect(run((n) => 8 + Math.abs(n - 12)).at(-1)).toBeGreaterThanOrEqual(11);
    expect(run((n) => 8 + 4 * n).at(-1)).toBe(1);
  });

  it('has a mean that counts as much as p95', () => {
    // Every event takes the same time: p95 is at half of its target, the mean is above its own.
    expect(run((n) => 14 - n / 2).at(-1)).toBeGreaterThan(FIRST);
    expect(run((n) => 8 - n / 2)).toEqual(Array.from({ length: 60 }, () => FIRST));
  });

  it('stays where it is once both directions are worse, and looks again later, ever more rarely', () => {
    const visited = run((n) => 15 + Math.abs(n - FIRST), { periods: 400 });
    const moves = visited.flatMap((n, i) => (i > 0 && n !== FIRST && visited[i - 1] === FIRST ? [i] : []));
    expect(visited.at(-1)).toBe(FIRST);
    expect(moves.length).toBeGreaterThanOrEqual(4);
    const rests = moves.slice(2).map((at, i) => at - (moves[i + 1] as number));
    expect(Math.max(...rests)).toBeGreaterThan(70);
  });

  it('goes as far as it may', () => {
    expect(Math.max(...run((n) => 40 / n + 15, { max: 6 }))).toBe(6);
  });

  it('goes down at once where events hardly wait for a call', () => {
    const samples = Array.from({ length: 50 }, () => {
      return { batch: 100, inFlightAtStart: 4, inFlightMean: 4, durationMs: 19, outcome: 'ok' as const, endedAt: 0 };
    });
    expect(run(() => 20, { more: { samples } }).find((n) => n !== FIRST)).toBe(3);
  });

  it('begins with as many calls as there are with those of bursts', () => {
    const samples = Array.from({ length: 50 }, () => {
      return { batch: 100, inFlightAtStart: 7, inFlightMean: 7, durationMs: 12, outcome: 'ok' as const, endedAt: 0 };
    });
    expect(run(() => 20, { more: { samples } }).find((n) => n !== FIRST)).toBe(7);
  });

  it('is left to the model again when the load or the target has changed', () => {
    const visited = run((n, at) => (at < 3000 ? 14 - n / 2 : 3));
    expect(visited.at(-1)).toBeGreaterThan(FIRST);
    let seek: Seek = { kind: 'holding', best: { inFlight: 8, lateness: 1 }, lateness: 1, until: 0, restMs: 3000 };
    for (let i = 1; i <= 10; i += 1) {
      seek = nextSeek(seek, { observation: period(i, 3), goal, inFlight: 8, bound: { min: 1, max: 64 }, isSeen: true });
    }
    expect(soughtInFlight(seek)).toBeUndefined();
  });
});

describe('nothing is tried', () => {
  it.each<[string, Partial<StageObservation>]>([
    ['a pause explains lateness', { pause: { endedAt: 0, durationMs: 50 } }],
    ['refused calls explain it', { rejected: 1 }],
    ['failed calls explain it', { failed: 1 }],
    ['a closed gate explains it', { gate: 'closed' }],
    ['a queue grows old', { oldestMs: 31 }],
  ])('where %s', (_, more) => {
    expect(new Set(run(() => 20, { more }))).toEqual(new Set([FIRST]));
  });

  it('before a few periods in a row were late', () => {
    expect(new Set(run((_, at) => (at % 300 === 0 ? 5 : 20)))).toEqual(new Set([FIRST]));
  });

  it('for longer than somebody else has set the calls in flight', () => {
    const seek: Seek = { kind: 'holding', best: { inFlight: 8, lateness: 1 }, lateness: 1, until: 1e9, restMs: 3000 };
    const input = { observation: period(100, 10), goal, bound: { min: 1, max: 64 }, isSeen: true };
    expect(soughtInFlight(nextSeek(seek, { ...input, inFlight: 8 }))).toBe(8);
    expect(soughtInFlight(nextSeek(seek, { ...input, inFlight: 3 }))).toBeUndefined();
  });
});
