import type { OpenFlow, Peer } from '../contestant.ts';
import type { Tally } from '../events.ts';
import { Calls, IN_FLIGHT, syncJobs, type JobName } from '../jobs.ts';

/** A flow of a peer: a pipeline built anew for each run, as its users do. @returns undefined where it has none */
export function openPeer(peer: Peer, job: JobName): OpenFlow | undefined {
  if (job === 'each' || job === 'arrays') {
    const run = peer[job];
    if (run === undefined) return undefined;
    const calls = new Calls();
    return {
      run: (batches) => run(batches, calls.call, IN_FLIGHT[job]),
      close: () => ({ events: calls.done, total: calls.most }),
    };
  }
  const tally: Tally = { events: 0, total: 0 };
  const { operators, terminal } = syncJobs[job];
  return { run: (batches) => peer.run(batches, operators, terminal(tally)), close: () => tally };
}
