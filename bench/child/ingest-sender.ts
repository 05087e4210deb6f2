/**
 * The open-loop sender: `node ingest-sender.js tcp|http PORT CONNECTIONS CHUNK_MS|POST_EVENTS`.
 *
 * Chunks leave on a schedule that does not depend on the server: every CHUNK_MS over TCP, every POST_EVENTS
 * events over HTTP. All events of a chunk carry its scheduled time, however late it leaves. The process
 * sleeps between chunks without a timer of the event loop, whose millisecond would be part of the latency.
 */

import { nowUs } from '../ingest/clock.ts';
import { Lane } from '../ingest/lane.ts';
import type { Sent, ToSender, Transport } from '../ingest/protocol.ts';
import { matchesAmong, templateOf } from '../ingest/workload.ts';

/** The sleep may overshoot by so much; the rest is spun. */
const SPIN_US = 70;

const [transport, port, connections, chunking] = process.argv.slice(2) as [Transport, string, string, string];
const cell = new Int32Array(new SharedArrayBuffer(4));
const lanes: Lane[] = [];
for (let i = 0; i < Number(connections); i += 1) {
  lanes.push(await Lane.open(Number(port), transport, templateOf(i, Number(connections))));
}
process.on('message', (order: ToSender | 'end') => {
  if (order === 'end') end();
  else void send(order).then((sent) => process.send?.(sent));
});
process.send?.('ready');

function end(): void {
  for (const lane of lanes) lane.close();
  process.disconnect();
}

async function send({ rate, atUs, toUs }: ToSender): Promise<Sent> {
  const perMs = rate / 1000;
  const everyUs = transport === 'http' ? (Number(chunking) / perMs) * 1000 : Number(chunking) * 1000;
  const eventsPerChunk = (perMs * everyUs) / 1000;
  const chunks = Math.floor((toUs - atUs) / everyUs);
  const late = new Float64Array(chunks);
  const cpu = process.cpuUsage();
  const began = nowUs();
  let next = 0;
  let turn = 0;
  while (next < chunks && nowUs() < toUs) {
    const scheduled = atUs + next * everyUs;
    const lane = nowUs() < scheduled ? undefined : freeLane(turn);
    if (lane === undefined) {
      sleepUntil(Math.max(scheduled, nowUs() + 100));
      await new Promise(setImmediate);
      continue;
    }
    // Fractions of an event carry over to the next chunk.
    lane.send(Math.floor((next + 1) * eventsPerChunk) - Math.floor(next * eventsPerChunk), scheduled);
    late[next] = nowUs() - scheduled;
    turn += 1;
    next += 1;
    await new Promise(setImmediate);
  }
  const { user, system } = process.cpuUsage(cpu);
  const behindMs = next < chunks ? Math.max(0, nowUs() - (atUs + next * everyUs)) / 1000 : 0;
  return {
    sent: lanes.reduce((sum, lane) => sum + lane.sent, 0),
    matches: lanes.reduce((sum, lane) => sum + matchesAmong(lane.template, lane.sent), 0),
    refused: lanes.reduce((sum, lane) => sum + lane.refused, 0),
    behindMs,
    lateP99Ms: (late.subarray(0, next).sort()[Math.floor(next * 0.99)] ?? NaN) / 1000,
    cpuRatio: (user + system) / (nowUs() - began),
  };
}

/** In turn, passing over those that wait. */
function freeLane(turn: number): Lane | undefined {
  for (let i = 0; i < lanes.length; i += 1) {
    const lane = lanes[(turn + i) % lanes.length] as Lane;
    if (lane.isFree) return lane;
  }
  return undefined;
}

function sleepUntil(atUs: number): void {
  const us = atUs - nowUs() - SPIN_US;
  if (us > 0) Atomics.wait(cell, 0, 0, us / 1000);
  while (nowUs() < atUs);
}
