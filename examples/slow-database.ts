// A sink that takes 20 ms a call, with two connections. Run it: npx daoflow run examples/slow-database.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { flow, generate } from 'daoflow';

export default flow('slow-database', { targets: { latency: { avg: '30ms', p95: '60ms' }, throughput: 15_000 } })
  .from(generate({ rate: 20_000, duration: '20s', make: (i) => ({ id: i }) }))
  .to(
    async () => {
      await sleep(20);
    },
    { name: 'database', concurrency: 2 },
  );
