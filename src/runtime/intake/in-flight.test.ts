import { describe, expect, it } from 'vitest';
import type { Slice } from '../../event/batch.ts';
import { Origin } from '../../event/origin.ts';
import { InFlight } from './in-flight.ts';

const slice = (origin: Origin): Slice => ({ events: [1], start: 0, end: 1, bytes: 1, origin });

function opened(inFlight: InFlight): Origin {
  inFlight.opened();
  return new Origin('p', 1, 1, 0, (origin) => inFlight.settled(origin));
}

describe('what is on its way', () => {
  it('is only what is held when each reference to each batch is held', () => {
    const inFlight = new InFlight();
    expect(inFlight.isQuietBut([])).toBe(true);
    const [one, other] = [opened(inFlight), opened(inFlight)];
    one.retain();
    expect(inFlight.isQuietBut([slice(one), slice(other)])).toBe(false); // somebody else has the other half of one
    expect(inFlight.isQuietBut([slice(one), slice(one), slice(other)])).toBe(true);
    expect(inFlight.isQuietBut([slice(one), slice(one)])).toBe(false);
    one.release();
    expect(inFlight.isQuietBut([slice(one), slice(other)])).toBe(true);
  });

  it('is held by whoever holds what stands for it', () => {
    const inFlight = new InFlight();
    const [one, other] = [opened(inFlight), opened(inFlight)];
    const joined = new Origin('p', 1, 2, 0, () => undefined, [slice(one), slice(other)]);
    joined.retain();
    expect(inFlight.isQuietBut([slice(joined)])).toBe(false);
    expect(inFlight.isQuietBut([slice(joined), slice(joined)])).toBe(true);
    other.retain();
    expect(inFlight.isQuietBut([slice(joined), slice(joined)])).toBe(false);
    expect(inFlight.isQuietBut([slice(joined), slice(other), slice(joined)])).toBe(true);
  });
});
