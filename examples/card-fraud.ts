// A small payment tries a card, a big one follows within ten minutes. Run it: npx daoflow run examples/card-fraud.ts
import { flow, generate, stdout } from 'daoflow';
import { pattern } from 'daoflow/pattern';

interface Payment {
  readonly id: number;
  readonly card: string;
  readonly amount: number;
  readonly at: number;
}

const START = Date.UTC(2026, 0, 1);

/** Three payments a second over 500 cards; every 97th tries a card, and 20 payments later somebody shops with it. */
function payment(id: number): Payment {
  const isProbe = id % 97 === 0;
  const isSpree = id > 20 && (id - 20) % 97 === 0;
  const card = `card-${isSpree ? (id - 20) % 500 : id % 500}`;
  const amount = isProbe ? 1 : isSpree ? 900 : 20 + ((id * 7919) % 60);
  return { id, card, amount, at: START + id * 333 };
}

const probe = pattern<Payment>('probed card')
  .begin('probe', (p) => p.amount < 2)
  .followedBy('big', (p, seen) => p.amount > 100 * seen.probe[0].amount)
  .within('10m')
  .skip('pastLast');

export default flow('card-fraud')
  .from(generate({ rate: 2_000, duration: '3s', make: payment }))
  .eventTime((p) => p.at)
  .keyBy('card')
  .match(probe)
  .matches.map(({ key, events }) => ({ card: key, probe: events.probe[0].id, big: events.big[0].id }))
  .to(stdout());
