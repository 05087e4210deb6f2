/**
 * Fills a log until it is killed: `node log-filler.js DIRECTORY BYTES KEEP`; says so when it has written that many,
 * and keeps the newest.
 */

import { durableLog } from 'daoflow/log';
import { EVENT_BYTES, randomEvents } from '../log/contestant.ts';

const [directory = '', bytes = '0', keep = ''] = process.argv.slice(2);
const kept = Math.floor(Number(keep) / EVENT_BYTES);
const log = await durableLog(directory, { reserveBytes: 0 });
const events = randomEvents(5000);
/** Four at a time: what one waits for, the others fill. */
const fill = (until: () => boolean): Promise<void[]> =>
  Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!until()) {
        const last = await log.append(events);
        if (last > kept) log.acknowledge(last - kept);
      }
    }),
  );
await fill(() => log.stats.last * EVENT_BYTES >= Number(bytes));
process.send?.({ last: log.stats.last, bytes: log.stats.bytes });
await fill(() => false);
