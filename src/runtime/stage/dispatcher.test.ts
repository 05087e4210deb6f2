import { expect, it } from 'vitest';
import type { StageSettings } from '../../control/settings.ts';
import { Dispatcher } from './dispatcher.ts';

const BASE: StageSettings = {
  batchLimit: 10,
  concurrency: 2,
  burstConcurrency: 2,
  burstAgeMs: 0,
  lingerMs: 0,
  minGapMs: 0,
  edgeEvents: 20,
  edgeBytes: 1e9,
};

function dispatcherOf(settings: Partial<StageSettings>) {
  const time = { now: 0, reads: 0 };
  const clock = {
    now: () => {
      time.reads += 1;
      return time.now;
    },
    wall: () => 0,
  };
  return { time, dispatcher: new Dispatcher(clock, () => ({ ...BASE, ...settings })) };
}

const HEAD = { events: 1, oldestAcceptedAt: 0 };

it('reads no clock while slots are free and nothing asks for time', () => {
  const { dispatcher, time } = dispatcherOf({});
  expect([dispatcher.waitMs(HEAD, 1, 1, true), dispatcher.waitMs(HEAD, 2, 2, true)]).toEqual([0, Infinity]);
  expect(time.reads).toBe(0);
});

it('bursts at the age of the head of the queue, not before, and never above its bound', () => {
  const { dispatcher, time } = dispatcherOf({ burstConcurrency: 3, burstAgeMs: 20 });
  time.now = 15;
  expect(dispatcher.waitMs(HEAD, 2, 2, true)).toBe(5);
  time.now = 20;
  expect([dispatcher.waitMs(HEAD, 2, 2, true), dispatcher.waitMs(HEAD, 3, 3, true)]).toEqual([0, Infinity]);
});

it('lingers until the batch is full, the head is old enough, or no more can come', () => {
  const { dispatcher, time } = dispatcherOf({ lingerMs: 5 });
  time.now = 2;
  expect(dispatcher.waitMs(HEAD, 0, 0, true)).toBe(3);
  expect(dispatcher.waitMs({ ...HEAD, events: 10 }, 0, 0, true)).toBe(0);
  expect(dispatcher.waitMs(HEAD, 0, 0, false)).toBe(0);
  time.now = 5;
  expect(dispatcher.waitMs(HEAD, 0, 0, true)).toBe(0);
});

it('paces starts on a schedule that late timers do not stretch and idle time does not fill', () => {
  const { dispatcher, time } = dispatcherOf({ minGapMs: 10 });
  const starts: number[] = [];
  const startAt = (at: number): void => {
    time.now = at;
    expect(dispatcher.waitMs(HEAD, 0, 0, true)).toBe(0);
    dispatcher.started(at);
    starts.push(dispatcher.waitMs(HEAD, 0, 0, true) + at);
  };
  for (const at of [0, 11, 21, 100]) startAt(at); // each but the last a millisecond late
  expect(starts).toEqual([10, 20, 30, 110]);
});

it('asks the gate for new calls and for those that are tried again', () => {
  const { dispatcher, time } = dispatcherOf({});
  for (let i = 4; i >= 0; i -= 1) dispatcher.gate.refused(0, -25 * i);
  expect([dispatcher.waitMs(HEAD, 1, 0, true), dispatcher.againWaitMs(0)]).toEqual([50, 50]);
  time.now = 50;
  expect([dispatcher.waitMs(HEAD, 1, 0, true), dispatcher.againWaitMs(1)]).toEqual([0, Infinity]);
});
