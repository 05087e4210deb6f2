import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventCheck } from '../model/evaluate.ts';
import type { Predicate } from '../model/predicate.ts';
import { PredicateIndex } from './predicate-index.ts';
import { PredicateNetwork } from './predicate-network.ts';

interface Trade {
  readonly type?: string;
  readonly price?: number;
}

const literal = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', 'ab', null, true));
const field = fc.record({ field: fc.constantFrom('type', 'price', 'missing') });
const operator = fc.constantFrom('==' as const, '!=', '<', '<=', '>', '>=', 'contains', 'startsWith');
const odd = (event: unknown): boolean => ((event as Trade).price ?? 0) % 2 === 1;

const predicate: fc.Arbitrary<Predicate> = fc.letrec<{ any: Predicate }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(field, operator, literal).map((cmp) => ({ cmp })),
    fc.tuple(field, operator, field).map((cmp) => ({ cmp })),
    fc.constantFrom<Predicate>({ true: true }, { isType: 'a' }, { call: odd }),
    fc.array(tie('any'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('any'), { maxLength: 3 }).map((or) => ({ or })),
    tie('any').map((not) => ({ not })),
  ),
})).any;

const event: fc.Arbitrary<Trade> = fc.record(
  { type: fc.constantFrom('a', 'ab', 'b'), price: fc.integer({ min: 0, max: 4 }) },
  { requiredKeys: [] },
);

test('the network answers as the predicates do, and the index finds exactly those that hold', () => {
  fc.assert(
    fc.property(fc.array(predicate, { maxLength: 12 }), fc.array(event, { maxLength: 8 }), (predicates, events) => {
      const network = new PredicateNetwork();
      const table = network.table();
      const ids = predicates.map((each) => table.idOf(each));
      const index = new PredicateIndex(network, ids);
      for (const each of events) {
        network.turnTo(each);
        index.find();
        const found = index.found.slice(0, index.count).sort();
        const truth = predicates.map((one) => eventCheck(one)(each));
        expect(ids.map((id) => network.holds(id))).toEqual(truth);
        expect(found).toEqual([...new Set(ids.filter((_, i) => truth[i]))].sort());
      }
    }),
    { numRuns: 1000 },
  );
});
