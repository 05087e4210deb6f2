import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Roster, type Member } from './roster.ts';

describe('Roster', () => {
  it('has the same members as a set, whatever comes and goes', () => {
    const step = fc.record({ what: fc.constantFrom('add', 'delete', 'clear'), at: fc.nat(7) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const all = Array.from({ length: 8 }, (): Member => ({ place: -1 }));
        const roster = new Roster();
        const set = new Set<Member>();
        for (const { what, at } of steps) {
          const member = all[at] as Member;
          if (what === 'clear') {
            expect(new Set(roster.clear())).toEqual(set);
            set.clear();
          } else if (what === 'delete') {
            expect(roster.delete(member)).toBe(set.delete(member));
          } else if (!set.has(member)) {
            roster.add(member);
            set.add(member);
          }
          expect(roster.size).toBe(set.size);
          expect(all.filter((one) => roster.has(one))).toEqual(all.filter((one) => set.has(one)));
        }
      }),
    );
  });
});
