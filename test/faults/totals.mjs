import { count, max, min, sum, tumbling } from 'daoflow';

const n = (event) => event.n;

/** What the checker (checker.mjs) expects of every flow that is killed: windows of a keyed stream, and a running total per key. */
export function totals(keyed) {
  return keyed
    .window(tumbling('10s'))
    .aggregate({ events: count(), total: sum(n), first: min(n), last: max(n) })
    .keyBy((window) => window.key)
    .scan((before, window) => ({ ...window, all: before.all + window.events }), { all: 0 });
}
