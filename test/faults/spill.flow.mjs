/** A file into a fast sink and a slow one that spills. */

import { setTimeout as sleep } from 'node:timers/promises';
import { file, flow } from 'daoflow';

const { EVENTS, FAST, SLOW, DATA, CALL_MS } = process.env;

/** A file that takes its time. */
function slowFile(path) {
  const own = file(path, { mode: 'overwrite' });
  return {
    ...own,
    name: 'slow',
    limits: { maxConcurrency: 1 },
    open: async (context) => {
      const writer = await own.open(context);
      const write = async (events, options) => {
        await sleep(Number(CALL_MS));
        await writer.write(events, options);
      };
      return { ...writer, write };
    },
  };
}

const events = flow('branches', { data: DATA, checkpointEvery: '200ms' }).from(file(EVENTS));
events.to(file(FAST, { mode: 'overwrite' }));
export default events.to(slowFile(SLOW), {
  whenSlow: 'spill',
  concurrency: 1,
  batch: 500,
  queue: { events: 1_000 },
  spill: { bytes: 64 * 1024 * 1024 },
});
