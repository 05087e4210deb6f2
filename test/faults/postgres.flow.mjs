/** What is killed: a file, at a rate, each event and the windows of its key into two tables of PostgreSQL, exactly once. */

import { count, file, flow, max, min, sum, tumbling } from 'daoflow';
import { postgres } from 'daoflow/postgres';

const { EVENTS, RATE, DATABASE_URL: url, EVERY = '100ms' } = process.env;
const n = (event) => event.n;
const once = (table) => postgres({ url, table, exactlyOnce: true, name: table });

const events = flow('once', { checkpointEvery: EVERY }).from(file(EVENTS)).rateLimit(Number(RATE));
events.to(once('events'));
export default events
  .eventTime((event) => event.at, { outOfOrder: 100 })
  .keyBy((event) => event.key)
  .window(tumbling('10s'))
  .aggregate({ events: count(), total: sum(n), first: min(n), last: max(n) })
  .keyBy((window) => window.key)
  .scan((before, window) => ({ ...window, all: before.all + window.events }), { all: 0 })
  .to(once('windows'));
