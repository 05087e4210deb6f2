/** The server under test, one engine in one process: `node ingest-server.js ENGINE`. */

import { nowUs } from '../ingest/clock.ts';
import { Confirmations } from '../ingest/confirmations.ts';
import { daoflowDurable, daoflowHttp, daoflowTcp } from '../ingest/daoflow-engines.ts';
import type { Engine, Job } from '../ingest/engine.ts';
import { PauseMeter } from '../ingest/pauses.ts';
import { nodeStreams, nullServer, rxjs } from '../ingest/peer-engines.ts';
import type { Answer, EngineName, Measured, ToServer } from '../ingest/protocol.ts';

const ENGINES: Readonly<Record<EngineName, (job: Job) => Promise<Engine>>> = {
  'daoflow-tcp': daoflowTcp,
  'daoflow-http': daoflowHttp,
  'daoflow-durable': daoflowDurable,
  rxjs,
  streams: nodeStreams,
  null: nullServer,
};

const confirmations = new Confirmations();
const pauseMeter = new PauseMeter();
const failed = (error: unknown): void => {
  console.error(error);
  process.exit(1);
};
const engine = await ENGINES[process.argv[2] as EngineName]({ sink: confirmations.sink, failed });
process.on('message', (message: ToServer) => void handle(message).catch(failed));
process.send?.({ port: engine.port });

async function handle(message: ToServer): Promise<void> {
  if (message.kind === 'watch') process.send?.(await watch(message.fromUs, message.toUs, message.settleMs));
  if (message.kind === 'end') await engine.end();
  if (message.kind !== 'watch') process.send?.(answer());
  if (message.kind === 'end') process.disconnect();
}

function answer(): Answer {
  return { seen: engine.seen(), matches: confirmations.matches };
}

async function watch(fromUs: number, toUs: number, settleMs: number): Promise<Measured> {
  confirmations.watch(fromUs, toUs);
  await until(fromUs);
  await pauseMeter.begin();
  const cpu = process.cpuUsage();
  const events = engine.seen();
  const began = nowUs();
  await until(toUs);
  const { user, system } = process.cpuUsage(cpu);
  const wallUs = nowUs() - began;
  const measured = { cpuUs: user + system, wallUs, events: engine.seen() - events, pauses: await pauseMeter.end() };
  await until(toUs + settleMs * 1000);
  return { ...measured, latency: confirmations.latency() };
}

function until(atUs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, (atUs - nowUs()) / 1000)));
}
