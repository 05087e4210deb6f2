import { expect, it } from 'vitest';
import { Gate } from './gate.ts';

/** Refuses `count` calls, 25 ms apart, with nothing else in flight; the last one at `end`. */
function refuse(gate: Gate, count: number, end = 0): void {
  for (let i = count - 1; i >= 0; i -= 1) gate.refused(0, end - 25 * i);
}

it('closes after refusals in a row, and lets one probe through at a time, ever more rarely', () => {
  const gate = new Gate();
  refuse(gate, 4, -25);
  expect(gate.state).toBe('open');
  refuse(gate, 1);
  expect([gate.state, gate.waitMs(0, 0), gate.waitMs(1, 60)]).toEqual(['closed', 50, Infinity]);
  const waits: number[] = [];
  for (let now = 50, i = 0; i < 6; i += 1) {
    gate.refused(0, now);
    waits.push(gate.waitMs(0, now));
    now += gate.waitMs(0, now);
  }
  expect(waits).toEqual([100, 200, 250, 250, 250, 250]);
});

it('stays open while calls in flight may still be accepted, and when one was accepted in between', () => {
  const gate = new Gate();
  for (let i = 0; i < 50; i += 1) gate.refused(10, i);
  expect(gate.state).toBe('open');
  gate.accepted(20);
  refuse(gate, 4);
  gate.accepted(20);
  refuse(gate, 4);
  expect(gate.state).toBe('open');
});

it('stays open while it is refused for a moment only, however often: a limit per second was reached a little early', () => {
  const gate = new Gate();
  for (let now = 0; now < 90; now += 1) gate.refused(0, now);
  expect(gate.state).toBe('open');
  gate.refused(0, 100);
  expect(gate.state).toBe('closed');
});

it('opens again step by step, twice as far with each round trip', () => {
  const gate = new Gate();
  refuse(gate, 5);
  expect(gate.accepted(8)).toBe(true);
  expect([gate.state, gate.waitMs(1, 0), gate.waitMs(2, 0)]).toEqual(['opening', 0, Infinity]);
  expect(gate.accepted(8)).toBe(false);
  expect(gate.accepted(8)).toBe(false);
  expect(gate.waitMs(3, 0)).toBe(0);
  for (let i = 0; i < 4; i += 1) gate.accepted(8);
  expect(gate.state).toBe('open');
});

it('goes back by half where the target refuses again, and leaves it alone as long as it asked', () => {
  const gate = new Gate();
  refuse(gate, 5);
  for (let i = 0; i < 3; i += 1) gate.accepted(100);
  gate.refused(3, 10);
  expect([gate.waitMs(1, 10), gate.waitMs(2, 10)]).toEqual([0, Infinity]);
  for (let i = 0; i < 3; i += 1) gate.refused(0, 20, 3000);
  expect(gate.state).toBe('opening');
  gate.refused(0, 120, 3000);
  expect([gate.state, gate.waitMs(0, 120)]).toEqual(['closed', 3000]);
});

it('opens in front of a target of which every other call fails, and closes where none works', () => {
  const gate = new Gate();
  refuse(gate, 5);
  for (let i = 0; i < 8; i += 1) {
    gate.accepted(8);
    gate.failed(3, 10 * i);
  }
  expect(gate.state).toBe('open');
  for (let i = 0; i < 5; i += 1) gate.failed(0, 100 + 25 * i);
  expect(gate.state).toBe('closed');
});
