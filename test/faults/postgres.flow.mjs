/** What is killed: a file, at a rate, each event and the windows of its key into two tables of PostgreSQL, exactly once. */

import { file, flow } from 'daoflow';
import { postgres } from 'daoflow/postgres';
import { totals } from './totals.mjs';

const { EVENTS, RATE, DATABASE_URL: url, EVERY = '100ms' } = process.env;
const once = (table) => postgres({ url, table, exactlyOnce: true, name: table });

const events = flow('once', { checkpointEvery: EVERY }).from(file(EVENTS)).rateLimit(Number(RATE));
events.to(once('events'));
export default totals(events.eventTime((event) => event.at, { outOfOrder: 100 }).keyBy((event) => event.key)).to(
  once('windows'),
);
