import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flow, type ByteSource } from 'daoflow';
import { http } from 'daoflow/http';
import { tcp } from 'daoflow/tcp';
import type { Engine, Job } from './engine.ts';
import { BIG_ABOVE_CENTS, isRelevant, PROBE_BELOW_CENTS, toPayment, type Event, type Match } from './workload.ts';

export const daoflowTcp = (job: Job): Promise<Engine> => start(job, (onListening) => tcp({ port: 0, onListening }));

export const daoflowHttp = (job: Job): Promise<Engine> => start(job, (onListening) => http({ port: 0, onListening }));

/** Answers once a body is on the disk: that of the working directory. */
export function daoflowDurable(job: Job): Promise<Engine> {
  const durable = mkdtempSync(join(process.cwd(), '.build/ingest-'));
  process.on('exit', () => rmSync(durable, { recursive: true, force: true }));
  return start(job, (onListening) => http({ port: 0, onListening, durable }));
}

type Listening = (address: { readonly port: number }) => void;

async function start(job: Job, source: (listening: Listening) => ByteSource): Promise<Engine> {
  let listening!: (port: number) => void;
  const port = new Promise<number>((resolve) => (listening = resolve));
  const run = flow('ingest')
    .from<Event>(source((address) => listening(address.port)))
    .map(toPayment)
    .filter(isRelevant)
    .keyBy((payment) => payment.key)
    .mapWithState<true, Match>((payment, probed) => {
      if (payment.cents < PROBE_BELOW_CENTS) probed.value = true;
      else if (payment.cents > BIG_ABOVE_CENTS && probed.value === true) {
        probed.clear();
        return { ts: payment.ts, key: payment.key, cents: payment.cents };
      }
      return undefined;
    })
    .to(job.sink)
    .run();
  run.done.catch((error: unknown) => job.failed(error));
  return {
    port: await port,
    seen: () => run.snapshot().sources[0]?.accepted ?? 0,
    end: async () => {
      const { accepted, confirmed, deadLettered, metrics } = await run.drain();
      if (accepted !== confirmed || deadLettered > 0)
        throw new Error(`accepted ${accepted}, confirmed ${confirmed}, dead letters ${deadLettered}`);
      return { ownLatencyMs: metrics.response_time };
    },
  };
}
