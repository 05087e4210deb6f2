// Made-up payments into PostgreSQL, and the total per card beside them, exactly once: kill it at any moment (kill -9), start it
// again, and the tables are as if nothing had happened. Start it twice, and the older run ends and says who has taken over.
// DATABASE_URL=postgres://... npx daoflow run examples/payments-once.ts
// node scripts/services.mjs -- npx daoflow run examples/payments-once.ts
import { flow, generate } from 'daoflow';
import { postgres } from 'daoflow/postgres';
import connect from 'postgres';

const { DATABASE_URL = '' } = process.env;
if (DATABASE_URL === '') throw new Error('set DATABASE_URL, for example to postgres://me:secret@localhost/test');

const sql = connect(DATABASE_URL, { onnotice: () => undefined });
await sql`create table if not exists payments (id int, card text, amount int)`;
await sql`create table if not exists totals (card text primary key, payments int, total bigint)`;
await sql.end();

interface Payment {
  readonly id: number;
  readonly card: string;
  readonly amount: number;
}

const app = flow('payments-once');
const payments = app.from<Payment>(
  generate({
    rate: 10_000,
    limit: 100_000,
    make: (id) => ({ id, card: `card-${id % 100}`, amount: 1 + ((id * 7919) % 500) }),
  }),
);
payments.to(postgres({ table: 'payments', exactlyOnce: true }), { name: 'payments' });
payments
  .keyBy('card')
  .scan((sum, { card, amount }) => ({ card, payments: sum.payments + 1, total: sum.total + amount }), {
    card: '',
    payments: 0,
    total: 0,
  })
  .to(postgres({ table: 'totals', key: 'card', exactlyOnce: true }), { name: 'totals', concurrency: 1 });

export default app;
