// Payments per shop, every second. Run it: npx daoflow run examples/shops.ts
import { count, flow, generate, stdout, sum, tumbling } from 'daoflow';

const SHOPS = ['Berlin', 'Paris', 'Rome', 'Oslo'];
const payments = generate({
  rate: 5_000,
  duration: '10s',
  make: (i) => ({ shop: SHOPS[i % SHOPS.length] ?? '', amount: (i * 7919) % 500 }),
});

export default flow('shops', { targets: { throughput: 4_000 } })
  .from(payments)
  .filter((payment) => payment.amount > 100)
  .keyBy('shop')
  .window(tumbling('1s'))
  .aggregate({ payments: count(), total: sum((payment: { amount: number }) => payment.amount) })
  .map(({ key, payments: number, total }) => ({ shop: key, payments: number, total }))
  .to(stdout());
