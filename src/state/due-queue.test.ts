import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DueQueue } from './due-queue.ts';

it('gives rows by time, however pushes and pops mix', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { maxLength: 300 }), (steps) => {
      const queue = new DueQueue();
      const model: { time: number; row: number }[] = [];
      for (const [row, time] of steps.entries()) {
        if (time !== null) {
          queue.push(time, row);
          model.push({ time, row });
        } else if (model.length > 0) {
          model.sort((a, b) => a.time - b.time);
          const due = model[0]?.time;
          expect(queue.nextMs).toBe(due);
          const popped = queue.pop();
          const at = model.findIndex((entry) => entry.row === popped);
          expect(model[at]?.time).toBe(due);
          model.splice(at, 1);
        }
        expect(queue.size).toBe(model.length);
      }
      expect(queue.nextMs).toBe(Math.min(Infinity, ...model.map((entry) => entry.time)));
    }),
  );
});
