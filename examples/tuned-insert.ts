// An insert into PostgreSQL, by hand and tuned. Needs a database: node scripts/services.mjs -- npx jiti examples/tuned-insert.ts
import postgres from 'postgres';
import { tuned } from 'daoflow';

interface Order {
  id: number;
  name: string;
  amount: number;
}

const ORDERS = 100_000;
const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/postgres';
const sql = postgres(url, { max: 16, onnotice: () => undefined });

await sql`drop table if exists daoflow_example`;
await sql`create table daoflow_example (id int not null, name text not null, amount float8 not null)`;

async function insertMany(orders: readonly Order[]): Promise<void> {
  await sql`
    insert into daoflow_example select (o->>'id')::int, o->>'name', (o->>'amount')::float8
    from json_array_elements(${JSON.stringify(orders)}::text::json) as o`;
}

// Before: two numbers, right for one table, one machine and one load.
const BATCH = 100;
const CONNECTIONS = 4;

async function byHand(): Promise<void> {
  const orders = allOrders();
  const worker = async (): Promise<void> => {
    for (let batch = take(orders, BATCH); batch.length > 0; batch = take(orders, BATCH)) await insertMany(batch);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

// After: the target instead of the numbers. 16 is what the pool has, a limit and no setting.
async function byTarget(): Promise<void> {
  await using insert = tuned(insertMany, { targets: { latency: { p95: '100ms' } }, maxConcurrency: 16 });
  for (const order of allOrders()) {
    await insert.ready();
    void insert(order);
  }
  await insert.drain();
  const { batchLimit, concurrency } = insert.metrics().settings;
  console.log(`  ended at ${batchLimit} rows a call, ${concurrency} calls at a time`);
}

for (let round = 1; round <= 3; round += 1) {
  console.log(`round ${round}`);
  await timed(`  by hand (${BATCH} rows, ${CONNECTIONS} calls)`, byHand);
  await timed('  tuned', byTarget);
}
await sql`drop table daoflow_example`;
await sql.end();

async function timed(name: string, insertAll: () => Promise<void>): Promise<void> {
  await sql`truncate daoflow_example`;
  const began = performance.now();
  await insertAll();
  const seconds = (performance.now() - began) / 1000;
  const [stored] = await sql`select count(distinct id)::int as rows from daoflow_example`;
  if (stored?.['rows'] !== ORDERS) throw new Error(`${stored?.['rows']} rows of ${ORDERS}`);
  console.log(`${name}: ${Math.round(ORDERS / seconds)} rows/s`);
}

function* allOrders(): Generator<Order> {
  for (let id = 0; id < ORDERS; id += 1) yield { id, name: `customer ${id % 1000}`, amount: (id % 997) / 4 };
}

function take(orders: Iterator<Order>, count: number): Order[] {
  const batch: Order[] = [];
  for (let next = orders.next(); ; next = orders.next()) {
    if (next.done === true) return batch;
    batch.push(next.value);
    if (batch.length === count) return batch;
  }
}
