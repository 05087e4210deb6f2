/** A file, at a rate, into a file and by HTTP to a server that is away now and then: what it cannot take goes to disk. */

import { file, flow } from 'daoflow';
import { http } from 'daoflow/http';

const { EVENTS, FAST, DATA, URL, RATE } = process.env;

const events = flow('away', { data: DATA, checkpointEvery: '200ms' }).from(file(EVENTS)).rateLimit(Number(RATE));
events.to(file(FAST, { mode: 'overwrite' }));
export default events.to(http({ url: URL, maxBatch: 200, timeout: '2s', name: 'slow' }), {
  whenSlow: 'spill',
  queue: { events: 1_000 },
  spill: { bytes: 64 * 1024 * 1024 },
});
