import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowTable } from './row-table.ts';

test('it answers as a map does', () => {
  const change = fc.record({ pattern: fc.integer({ min: 0, max: 400 }), isOff: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const [table, map] = [new RowTable(), new Map<number, number>()];
      for (const [row, { pattern, isOff }] of changes.entries()) {
        if (map.has(pattern) && isOff) {
          table.delete(pattern);
          map.delete(pattern);
        } else if (!map.has(pattern)) {
          table.set(pattern, row);
          map.set(pattern, row);
        }
        expect(table.get(pattern)).toBe(map.get(pattern) ?? -1);
      }
      for (let pattern = 0; pattern <= 400; pattern += 1) expect(table.get(pattern)).toBe(map.get(pattern) ?? -1);
    }),
  );
});
