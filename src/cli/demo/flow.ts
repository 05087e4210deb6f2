/** The demo's flow: what a user could write, with a made-up load in front and a made-up database behind. */

import { generateBytes } from '../../connector/generate/generate.ts';
import { flow } from '../../engine/launch.ts';
import type { RunnableFlow } from '../../flow/run.ts';
import type { Sink } from '../../event/sink.ts';
import { count, sum } from '../../operator/aggregate/aggregate.ts';
import { tumbling } from '../../operator/window/window-spec.ts';
import { paymentBytes, type Payment } from './load.ts';

/** A call of the made-up database takes this long, ms, plus so much for each row. */
const CALL_MS = 2;
const ROW_MS = 0.005;
/** Calls that it serves at a time, and rows that it takes at once. */
const CONNECTIONS = 8;
const MOST_ROWS = 1024;

/**
 * Parse -> filter -> spending per card and second -> database; and large payments -> database.
 * @param rate - events per second, asked again all the time
 */
export function demoFlow(rate: () => number): RunnableFlow {
  const bytes = paymentBytes();
  const source = generateBytes({ name: 'load', rate, make: (first, events) => bytes.take(first, events) });
  const payments = flow('payments')
    .from<Payment>(source)
    .filter((payment) => payment.amount >= 50, { name: 'worth-a-look' });
  payments
    .filter((payment) => payment.amount >= 990, { name: 'large' })
    .to(database<Payment>('alerts'), { concurrency: CONNECTIONS, batch: MOST_ROWS });
  return payments
    .keyBy('card')
    .window(tumbling('1s'))
    .aggregate({ payments: count(), total: sum((payment: Payment) => payment.amount) })
    .to(database('spending'), { concurrency: CONNECTIONS, batch: MOST_ROWS });
}

function database<E>(name: string): Sink<E> {
  return {
    name,
    open: ({ scheduler }) => ({
      write: (rows) =>
        new Promise<void>((resolve) => {
          scheduler.after(CALL_MS + ROW_MS * rows.length, resolve);
        }),
    }),
  };
}
