// Made-up readings into a table, one row per probe and minute. Run it with a server of yours, or with one just for this:
// DATABASE_URL=postgres://... npx daoflow run examples/readings-to-postgres.ts
// node scripts/services.mjs -- npx daoflow run examples/readings-to-postgres.ts
import { count, flow, generate, max, mean, tumbling } from 'daoflow';
import { postgres } from 'daoflow/postgres';
import connect from 'postgres';

const { DATABASE_URL = '' } = process.env;
if (DATABASE_URL === '') throw new Error('set DATABASE_URL, for example to postgres://me:secret@localhost/test');

const sql = connect(DATABASE_URL, { onnotice: () => undefined });
await sql`create table if not exists readings (
  probe text, minute timestamptz, readings int, mean float8, highest float8, primary key (probe, minute))`;
await sql.end();

const START = Date.UTC(2026, 0, 1);

export default flow('readings')
  .from(
    generate({
      rate: 20_000,
      duration: '10s',
      make: (i) => ({ at: START + i * 20, probe: `probe-${i % 50}`, value: 20 + (i % 7) }),
    }),
  )
  .eventTime((reading) => reading.at)
  .keyBy('probe')
  .window(tumbling('1m'))
  .aggregate({ readings: count(), mean: mean((one) => one.value), highest: max((one) => one.value) })
  .map(({ key, start, ...figures }) => ({ probe: key, minute: start, ...figures }))
  .to(postgres({ table: 'readings', key: ['probe', 'minute'] }));
