/** A long stream by keyed windows and by a pattern, each into a file of its own. */

import { file, flow } from 'daoflow';
import { pattern } from 'daoflow/pattern';
import { totals } from './totals.mjs';

const { EVENTS, OUT, MATCHES, DATA } = process.env;

const events = flow('long', { ...(DATA === undefined ? {} : { data: DATA }), checkpointEvery: '200ms' })
  .from(file(EVENTS))
  .eventTime((event) => event.at, { outOfOrder: 100 })
  .keyBy((event) => event.key);

/** A multiple of 41, then one of 43, within a minute of its key: about one in 800 events ends one. */
events
  .match(
    pattern()
      .begin('first', (event) => event.n % 41 === 0)
      .followedBy('second', (event) => event.n % 43 === 0)
      .within('1m'),
  )
  .matches.map(({ key, events: { first, second } }) => ({ key, first: first[0].n, second: second[0].n }))
  .to(file(MATCHES, { mode: 'overwrite' }));

export default totals(events).to(file(OUT, { mode: 'overwrite' }));
