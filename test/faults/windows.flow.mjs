/** What is killed: a file, at a rate, by keyed windows of event time and a running total per key, into a file. */

import { count, file, flow, max, min, sum, tumbling } from 'daoflow';

const { EVENTS, OUT, DATA, RATE } = process.env;
const n = (event) => event.n;

const events = flow('windows', { ...(DATA === undefined ? {} : { data: DATA }), checkpointEvery: '100ms' }).from(
  file(EVENTS),
);
export default (RATE === undefined ? events : events.rateLimit(Number(RATE)))
  .eventTime((event) => event.at, { outOfOrder: 100 })
  .keyBy((event) => event.key)
  .window(tumbling('10s'))
  .aggregate({ events: count(), total: sum(n), first: min(n), last: max(n) })
  .keyBy((window) => window.key)
  .scan((before, window) => ({ ...window, all: before.all + window.events }), { all: 0 })
  .to(file(OUT, { mode: 'overwrite' }));
