import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkClass } from '../../control/work-class.ts';
import { grantsFor, handedOver, type Grants, type PermitClaim } from './permits.ts';

const WEIGHTS = { computation: 0.4, io: 0.3, network: 0.3 };
const claim = (stage: string, work: WorkClass, demand: number, over: Partial<PermitClaim> = {}): PermitClaim => ({
  stage,
  work,
  demand,
  perThroughput: 1,
  max: 512,
  ...over,
});
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('permits', () => {
  it('are shared by the weights of the classes while all ask for more', () => {
    const claims = [claim('map', 'computation', 50), claim('db', 'io', 50), claim('http', 'network', 50)];
    expect(grantsFor(20, claims, WEIGHTS)).toEqual({ map: 8, db: 6, http: 6 });
  });

  it('go to those who ask when others do not', () => {
    const claims = [claim('map', 'computation', 2), claim('db', 'io', 50), claim('http', 'network', 3)];
    expect(grantsFor(20, claims, WEIGHTS)).toEqual({ map: 2, db: 15, http: 3 });
  });

  it('are shared within a class by what the flow needs of each stage', () => {
    const claims = [claim('fast', 'io', 50, { perThroughput: 1 }), claim('slow', 'io', 50, { perThroughput: 3 })];
    expect(grantsFor(20, claims, WEIGHTS)).toEqual({ fast: 5, slow: 15 });
  });

  it('that nobody asks for are room to grow, up to what a stage may have', () => {
    const claims = [claim('a', 'io', 2, { max: 4 }), claim('b', 'io', 2)];
    expect(grantsFor(20, claims, WEIGHTS)).toEqual({ a: 4, b: 16 });
  });

  it('leave a pinned stage its pin', () => {
    const claims = [claim('a', 'io', 50, { pinned: 5 }), claim('b', 'network', 50)];
    expect(grantsFor(8, claims, WEIGHTS)).toEqual({ a: 5, b: 3 });
  });

  it('are all granted, at least one to each, whatever is asked', () => {
    const anyClaim = fc.record({
      work: fc.constantFrom<WorkClass>('computation', 'io', 'network'),
      demand: fc.integer({ min: 0, max: 100 }),
      perThroughput: fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(anyClaim, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 6, max: 200 }),
        (given, total) => {
          const claims = given.map((each, i) => claim(`s${i}`, each.work, each.demand, each));
          const grants = Object.values(grantsFor(total, claims, WEIGHTS));
          expect(sum(grants)).toBe(total);
          expect(Math.min(...grants)).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });

  it('never exceed the total while they change hands, however slowly calls end', () => {
    const stages = ['a', 'b', 'c'];
    const division = fc
      .tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 9 }))
      .map(([a, b]): Grants => ({ a, b, c: 20 - a - b }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(division, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))), {
          minLength: 1,
          maxLength: 12,
        }),
        (phases) => {
          let grants: Grants = { a: 7, b: 7, c: 6 };
          let inFlight: Record<string, number> = { a: 7, b: 7, c: 6 };
          for (const [wanted, random] of phases) {
            for (let i = 0; i < 4; i += 1) {
              grants = handedOver(20, grants, wanted, inFlight);
              // Between two periods calls start up to the grant, and some end.
              const started: Record<string, number> = {};
              for (const stage of stages) started[stage] = Math.max(inFlight[stage] ?? 0, grants[stage] ?? 0);
              expect(sum(Object.values(started))).toBeLessThanOrEqual(20);
              for (const stage of stages) {
                const [share = 0] = random.take(1);
                inFlight = { ...inFlight, [stage]: Math.floor((started[stage] ?? 0) * share) };
              }
            }
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('arrive once the others have given theirs back', () => {
    const wanted = { a: 2, b: 8 };
    const first = handedOver(10, { a: 8, b: 2 }, wanted, { a: 8, b: 2 });
    expect(first).toEqual({ a: 2, b: 2 });
    expect(handedOver(10, first, wanted, { a: 5, b: 2 })).toEqual({ a: 2, b: 5 });
    expect(handedOver(10, first, wanted, { a: 1, b: 2 })).toEqual(wanted);
  });
});
