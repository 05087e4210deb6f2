/** Preloaded into the program: leaves the peak of its resident memory, KiB, in the file that DAOFLOW_PEAK names. */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// The peak is of the process, with all its threads.
if (isMainThread) {
  process.on('exit', () => writeFileSync(process.env.DAOFLOW_PEAK, String(process.resourceUsage().maxRSS)));
}
