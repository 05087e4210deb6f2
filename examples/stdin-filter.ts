// cat events.ndjson | npx daoflow run examples/stdin-filter.ts > large.ndjson
import { flow, stdin, stdout } from 'daoflow';

interface Payment {
  readonly id: number;
  readonly amount: number;
}

export default flow('large-payments')
  .from<Payment>(stdin())
  .filter((payment) => payment.amount > 1000)
  .map(({ id, amount }) => ({ id, amount }))
  .to(stdout());
