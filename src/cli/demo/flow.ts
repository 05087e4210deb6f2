/** The demo's flow: what a user could write, with a made-up load in front and a made-up database behind. */

import { generateBytes } from '../../connector/generate/generate.ts';
import { flow } from '../../engine/launch.ts';
import type { RunnableFlow } from '../../flow/run.ts';
import { count, sum } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { madeUpDatabase, type Conditions } from './database.ts';
import { paymentBytes, type Payment } from './load.ts';

/** What the demo's course sets. */
export interface DemoLoad extends Conditions {
  readonly ratePerSecond: number;
}

/**
 * Parse -> filter -> every payment to the database, and spending per card and second, too. No batch size, no
 * number of calls, no buffer size is given: they are the engine's to find.
 * @param load - asked again all the time
 */
export function demoFlow(load: () => DemoLoad): RunnableFlow {
  const bytes = paymentBytes();
  const source = generateBytes({
    name: 'load',
    rate: () => load().ratePerSecond,
    make: (first, events) => bytes.take(first, events),
  });
  const table = madeUpDatabase(load);
  const payments = flow('payments')
    .from<Payment>(source)
    .filter((payment) => payment.amount >= 50, { name: 'worth-a-look' });
  payments.to(table('payments'), { name: 'store' });
  return payments
    .keyBy('card')
    .window(tumbling('1s'))
    .aggregate({ payments: count(), total: sum((payment: Payment) => payment.amount) })
    .to(table('spending'), { name: 'spending' });
}
