import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../../host/random.ts';
import { Histogram } from '../../../stats/histogram.ts';
import { observationOf } from '../solver-fixtures.ts';
import { askedInFlight, nextClosedLoop, UNASKED, type ClosedLoop } from './closed-loop.ts';

const FIRST = 2;

interface Load {
  /** Events that come in a period of 100 ms. */
  readonly arrived: (inFlight: number, at: number) => number;
  readonly seconds?: number;
  readonly max?: number;
  readonly latencyMs?: number;
  /** From so many calls on, more make no event earlier. */
  readonly useful?: number;
  /** Somebody else's. */
  readonly set?: (asked: number, at: number) => number;
}

/** Calls in flight by period, of a stage whose model is content with FIRST. */
function run({ arrived, seconds = 30, max = 64, latencyMs = 10, useful = 64, set = (asked) => asked }: Load): number[] {
  const latency = new Histogram();
  latency.record(latencyMs, 1000);
  let loop: ClosedLoop = UNASKED;
  let inFlight = FIRST;
  return Array.from({ length: 10 * seconds }, (_, i) => {
    const at = 100 * (i + 1);
    const observation = observationOf({ at, latency: latency.data(), arrived: arrived(inFlight, at) });
    const isQuicker = (more: number, than: number): boolean => more > than && than < useful;
    loop = nextClosedLoop(loop, { observation, inFlight, bound: { min: 1, max }, isQuicker });
    inFlight = set(askedInFlight(loop) ?? FIRST, at);
    return inFlight;
  });
}

/** Each further place, with how many periods it lasted. */
function visits(calls: readonly number[]): [inFlight: number, periods: number][] {
  const places: [number, number][] = [];
  for (const inFlight of calls) {
    const last = places.at(-1);
    if (last?.[0] === inFlight) last[1] += 1;
    else places.push([inFlight, 1]);
  }
  return places;
}

const places = (calls: readonly number[]): number[] => visits(calls).map(([inFlight]) => inFlight);

/** Clients that bring as much as up to eight calls do. */
const clients = (inFlight: number): number => 100 * Math.min(8, inFlight);
/** Asked, checked, asked again, and on until no more comes. */
const CLIMB = [FIRST, 4, FIRST, 4, 8, 16];

describe('clients that wait for their confirmations', () => {
  it('get twice the calls once these have brought more two times, and so on while that brings more', () => {
    expect(places(run({ arrived: clients }))).toEqual([...CLIMB, 8]);
  });

  it('are asked again, after twice as long', () => {
    const asked = visits(run({ arrived: clients, seconds: 1000 })).slice(CLIMB.length);
    const held = asked.filter(([inFlight, periods]) => inFlight === 8 && periods > 20).map(([, periods]) => periods);
    expect(held.slice(0, 5)).toEqual([300, 600, 1200, 2400, 3000]);
    expect(Math.max(...asked.filter(([n]) => n !== 8).map(([, periods]) => periods))).toBeLessThan(15);
  });

  it('get no more than the bound, and none that makes their events no earlier', () => {
    expect(Math.max(...run({ arrived: clients, max: 6 }))).toBe(6);
    expect(places(run({ arrived: clients, max: FIRST }))).toEqual([FIRST]);
    expect(places(run({ arrived: clients, useful: 4 }))).toEqual([FIRST, 4, FIRST, 4]);
    expect(places(run({ arrived: clients, useful: FIRST }))).toEqual([FIRST]);
  });

  it('are looked at for longer where an event takes longer', () => {
    const [, asked] = visits(run({ arrived: clients, latencyMs: 1000 }));
    expect(asked?.[1]).toBeGreaterThan(50);
    const [, slow] = visits(run({ arrived: clients, latencyMs: 1e6, seconds: 60 }));
    expect(slow?.[1]).toBeLessThan(110);
  });

  it('are asked with twice the calls once clearly less comes for two seconds, and get what does more by then', () => {
    const parted = (inFlight: number, at: number): number => (at > 20_000 && inFlight === 8 ? 650 : clients(inFlight));
    const calls = run({ arrived: parted, seconds: 30 });
    expect(places(calls).slice(CLIMB.length)).toEqual([8, 16, 32, 16]);
    expect(calls.lastIndexOf(8)).toBeLessThan(230);
  });

  it('are left to the model once they bring much more or less than was held for', () => {
    const gone = (inFlight: number, at: number): number => clients(inFlight) / (at > 20_000 ? 4 : 1);
    expect(places(run({ arrived: gone, seconds: 21 })).slice(CLIMB.length)).toEqual([8, FIRST]);
  });
});

describe('a load that does not wait', () => {
  it('is asked ever more rarely, for a moment each time', () => {
    const seen = visits(run({ arrived: () => 100, seconds: 1000 }));
    expect(new Set(seen.map(([inFlight]) => inFlight))).toEqual(new Set([FIRST, 2 * FIRST]));
    const asked = seen.filter(([inFlight]) => inFlight > FIRST);
    expect(Math.max(...asked.map(([, periods]) => periods))).toBeLessThan(15);
    const rests = seen.filter(([inFlight]) => inFlight === FIRST).map(([, periods]) => periods);
    expect(rests[2]).toBeGreaterThan(1.8 * (rests[1] as number));
    expect(asked.length).toBeLessThan(10);
  });

  it('that rises just then keeps no more calls', () => {
    const rising = (_: number, at: number): number => 100 + Math.max(0, at - 1500);
    const calls = visits(run({ arrived: rising }));
    expect(calls.filter(([inFlight, periods]) => inFlight > FIRST && periods > 20)).toEqual([]);
    expect(Math.max(...calls.map(([inFlight]) => inFlight))).toBe(2 * FIRST);
  });

  it('and comes and goes is not held for', () => {
    const phases = Array.from({ length: 40 }, (_, i) => 100 * i);
    for (const phase of phases) {
      const onOff = (_: number, at: number): number => ((at + phase) % 4000 < 2000 ? 5000 : 0);
      const calls = visits(run({ arrived: onOff, seconds: 100 }));
      expect(calls.filter(([inFlight, periods]) => inFlight > FIRST && periods > 20)).toEqual([]);
    }
  });

  it('and is chance alone is not held for', () => {
    const random = systemRandom(1);
    const noisy = (): number => 1000 * (1 + random() + random());
    for (let i = 0; i < 20; i += 1) {
      const calls = visits(run({ arrived: noisy, seconds: 100 }));
      expect(calls.filter(([inFlight, periods]) => inFlight > FIRST && periods > 20)).toEqual([]);
    }
  });
});

it('somebody else who sets the calls ends it', () => {
  const calls = run({ arrived: clients, seconds: 5, set: (asked, at) => (at > 1500 ? FIRST + 1 : asked) });
  expect(new Set(calls.slice(20))).toEqual(new Set([FIRST + 1]));
});
