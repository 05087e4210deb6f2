import { expect, expectTypeOf, it } from 'vitest';
import { type AggregateResults, type Aggregates, count, custom, distinct, percentile, sum } from './aggregate.ts';
import type { WindowEvents, WindowResult } from '../window/window.ts';

interface Order {
  readonly card: string;
  readonly amount: number;
}

/** The signature that a builder has: E is known, A is inferred. */
function aggregate<A extends Aggregates<Order>>(aggregates: A & Aggregates<Order>): WindowResult<string, A> {
  return Object.keys(aggregates) as unknown as WindowResult<string, A>;
}

it('names and types of results follow from the aggregates', () => {
  const result = aggregate({
    n: count(),
    total: sum((order) => order.amount),
    p95: percentile((order) => order.amount, 0.95),
    cards: distinct((order) => order.card),
    last: custom({ init: () => '', add: (_last: string, order: Order) => order.card, result: (last) => [last] }),
  });
  expect(result).toHaveLength(5);
  expectTypeOf(result.key).toEqualTypeOf<string>();
  expectTypeOf(result.revision).toEqualTypeOf<number>();
  expectTypeOf(result.p95).toEqualTypeOf<number>();
  expectTypeOf(result.last).toEqualTypeOf<string[]>();
  expectTypeOf(result).not.toHaveProperty('other');
  // @ts-expect-error -- a card is not a number
  aggregate({ total: sum((order) => order.card) });
});

it('the key is absent from the type where the flow is not keyed', () => {
  expectTypeOf<AggregateResults<{ n: ReturnType<typeof count> }>>().toEqualTypeOf<{ readonly n: number }>();
  expectTypeOf<keyof WindowEvents<undefined, Order>>().toEqualTypeOf<'start' | 'end' | 'revision' | 'events'>();
  expectTypeOf<keyof WindowEvents<number, Order>>().toEqualTypeOf<'key' | 'start' | 'end' | 'revision' | 'events'>();
});
