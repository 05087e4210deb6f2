import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../snapshot-fixtures.ts';
import { DemoScript, type ScriptStep } from './script.ts';

const TICK_MS = 125;

/** A database that tunes itself to a slowdown within two seconds, and needs as long after an outage. */
function play(durationMs: number): { readonly steps: ScriptStep[]; readonly script: DemoScript } {
  const script = new DemoScript({ durationMs });
  const steps: ScriptStep[] = [];
  let rate = 0;
  let troubledUntil = 0;
  let conditions = { slowdown: 1, isAway: false };
  for (let atMs = TICK_MS; steps.at(-1)?.isOver !== true; atMs += TICK_MS) {
    if (conditions.isAway) troubledUntil = atMs + 2000;
    const isTroubled = atMs < troubledUntil;
    const snapshot = snapshotOf({ uptimeMs: atMs, eps: rate, avg: isTroubled ? 200 : 5, p95: isTroubled ? 400 : 12 });
    const step = script.step(snapshot);
    if (step.conditions.slowdown > conditions.slowdown) troubledUntil = atMs + 2000;
    ({ rate, conditions } = step);
    steps.push(step);
  }
  return { steps, script };
}

function said(steps: readonly ScriptStep[]): string[] {
  return steps.flatMap(({ notes }) => notes.map(({ message }) => message));
}

describe('the course of the demo', () => {
  it('troubles the database twice once all targets are met, and tells when they are met again', () => {
    const { steps } = play(55_000);
    const story = said(steps).filter((line) => /database|met again/.test(line));
    expect(story.map((line) => line.replace(/\d+\.\d/, 'n'))).toEqual([
      'the database slows down: every call takes three times as long',
      'all targets met again, n s later',
      'the database is as fast as before', // nothing was missed meanwhile
      'the database is away: it refuses every call',
      'the database is back',
      'all targets met again, n s later',
    ]);
  });

  it('keeps the load as it is while the database is troubled, and searches on afterwards', () => {
    const { steps, script } = play(55_000);
    const troubled = steps.filter(({ conditions }) => conditions.isAway || conditions.slowdown > 1);
    expect(troubled.length).toBeGreaterThan(50);
    expect(new Set(troubled.map(({ rate }) => rate)).size).toBe(1);
    expect(script.search.held?.rate).toBeGreaterThan(troubled[0]?.rate ?? Infinity);
    expect(steps.at(-1)?.isOver).toBe(true);
  });

  it('leaves a short run without troubles', () => {
    const { steps } = play(14_000);
    expect(steps.every(({ conditions }) => !conditions.isAway && conditions.slowdown === 1)).toBe(true);
    expect(steps.length).toBe(14_000 / TICK_MS);
  });
});
