import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timers } from './timers.ts';

const push = fc.record({ kind: fc.constant('push' as const), ms: fc.integer({ min: 0, max: 50 }), window: fc.nat(11) });
const other = fc.record({ kind: fc.constantFrom('pop' as const, 'retain' as const) });

test('what is due first comes first, whatever the order in which it came and with what has been let go', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(push, push, other), { maxLength: 200 }), (steps) => {
      const timers = new Timers();
      const expected: { ms: number; row: number }[] = [];
      let [row, clock] = [0, 0];
      for (const step of steps) {
        if (step.kind === 'push') {
          clock += step.ms % 3;
          const ms = clock + (step.window === 11 ? step.ms : 10 * step.window);
          timers.push(ms, row);
          expected.push({ ms, row });
          row += 1;
        } else if (step.kind === 'retain') {
          timers.retain((_, one) => (one % 3 === 0 ? -1 : one));
          expected.splice(0, expected.length, ...expected.filter((one) => one.row % 3 !== 0));
        } else if (expected.length > 0) {
          const dueMs = Math.min(...expected.map(({ ms }) => ms));
          expect(timers.nextMs).toBe(dueMs);
          const popped = timers.pop();
          const at = expected.findIndex((one) => one.row === popped);
          expect(expected[at]?.ms).toBe(dueMs);
          expected.splice(at, 1);
        }
        expect(timers.size).toBe(expected.length);
      }
      expect(timers.nextMs).toBe(Math.min(...expected.map(({ ms }) => ms)));
    }),
    { numRuns: 300 },
  );
});

test('rows keep their times while the queue grows around its end', () => {
  const timers = new Timers();
  let [next, due] = [0, 0];
  for (let round = 0; round < 400; round += 1) {
    for (let i = 0; i < 3; i += 1) timers.push(next, next++);
    for (let i = 0; i < 2; i += 1) expect([timers.nextMs, timers.pop()]).toEqual([due, due++]);
  }
  expect(timers.size).toBe(400);
});
