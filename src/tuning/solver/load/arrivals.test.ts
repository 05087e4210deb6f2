import { expect, it } from 'vitest';
import type { StageObservation } from '../../../control/observation.ts';
import { withArrivals, type Arrivals } from './arrivals.ts';

const period = (arrived: number, more: Partial<StageObservation> = {}): StageObservation =>
  ({ arrived, durationMs: 100, pause: undefined, ...more }) as StageObservation;

function after(...periods: StageObservation[]): number | undefined {
  return periods.reduce<Arrivals | undefined>(withArrivals, undefined)?.rate;
}

it('follows a step up at once, and down within four seconds: what comes in bursts comes again', () => {
  expect(after(period(200), period(200), period(6000))).toBe(60);
  expect(after(period(6000), ...Array.from({ length: 40 }, () => period(200)))).toBeLessThan(4);
});

it('takes the chance of few events for chance', () => {
  const sparse = Array.from({ length: 100 }, (_, i) => period(i % 10 === 0 ? 2 : 0));
  expect(after(period(0), ...sparse)).toBeLessThan(0.006);
});

it('leaves out what a pause of the event loop held back', () => {
  const pause = { endedAt: 0, durationMs: 120 };
  expect(after(period(1000), period(0, { pause }), period(2200))).toBe(10);
});
