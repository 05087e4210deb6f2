/** A server and its sender, each in a process of its own, measured at one rate after another. */

import { startChild, type Child } from '../harness/index.ts';
import { nowUs } from './clock.ts';
import type { Latency } from './confirmations.ts';
import type { Pauses } from './pauses.ts';
import type { Answer, EngineName, Measured, Sent, ToSender, ToServer, Transport } from './protocol.ts';

export interface Load {
  readonly rate: number;
  /** Sent before the window, and cut. */
  readonly warmupMs: number;
  readonly windowMs: number;
}

export interface Held {
  readonly rate: number;
  readonly latency: Latency;
  /** Of one core: user and system, all threads. */
  readonly cpuRatio: number;
  readonly nsPerEvent: number;
  readonly eventsPerSecond: number;
  readonly pauses: Pauses;
  readonly sender: Pick<Sent, 'behindMs' | 'lateP99Ms' | 'cpuRatio'>;
}

/** After the window, for what is still on its way, ms. */
const SETTLE_MS = 120;
/** From an order to its first chunk, ms. */
const LEAD_MS = 40;
/** Until the server has seen all that was sent, ms. */
const ANSWER_MS = 20_000;
/** Over TCP a chunk leaves every millisecond; over HTTP each chunk is a POST. */
const CHUNK_MS = 1;
const POST_EVENTS = 200;
const CONNECTIONS: Readonly<Record<Transport, number>> = { tcp: 4, http: 16 };

export class Stand {
  readonly #server: Child;
  readonly #sender: Child;
  readonly #matches: boolean;
  #sent: Pick<Sent, 'sent' | 'matches' | 'refused'> = { sent: 0, matches: 0, refused: 0 };

  static async start(engine: EngineName, transport: Transport): Promise<Stand> {
    const server = startChild('ingest-server', { args: [engine] });
    const { port } = (await server.next()) as { port: number };
    const chunking = transport === 'http' ? POST_EVENTS : CHUNK_MS;
    const args = [transport, port, CONNECTIONS[transport], chunking].map(String);
    const sender = startChild('ingest-sender', { args });
    await sender.next();
    return new Stand(server, sender, engine !== 'null');
  }

  constructor(server: Child, sender: Child, matches: boolean) {
    this.#matches = matches;
    this.#server = server;
    this.#sender = sender;
  }

  async hold({ rate, warmupMs, windowMs }: Load): Promise<Held> {
    const atUs = nowUs() + LEAD_MS * 1000;
    const fromUs = atUs + warmupMs * 1000;
    const toUs = fromUs + windowMs * 1000;
    this.#server.send({ kind: 'watch', fromUs, toUs, settleMs: SETTLE_MS } satisfies ToServer);
    this.#sender.send({ rate, atUs, toUs } satisfies ToSender);
    const sent = (await this.#sender.next()) as Sent;
    const { cpuUs, wallUs, events, pauses, latency } = (await this.#server.next()) as Measured;
    this.#sent = sent;
    const { behindMs, lateP99Ms, cpuRatio } = sent;
    return {
      rate,
      latency,
      cpuRatio: cpuUs / wallUs,
      nsPerEvent: (cpuUs * 1000) / events,
      eventsPerSecond: (events / wallUs) * 1e6,
      pauses,
      sender: { behindMs, lateP99Ms, cpuRatio },
    };
  }

  /** Waits until all that was sent was seen. @throws when the answer is wrong */
  async check(): Promise<void> {
    const { sent } = this.#sent;
    const matches = this.#matches ? this.#sent.matches : 0;
    const deadline = performance.now() + ANSWER_MS;
    let got: Answer;
    do {
      this.#server.send({ kind: 'count' } satisfies ToServer);
      got = (await this.#server.next()) as Answer;
      if (got.seen < sent || got.matches < matches) await new Promise((resolve) => setTimeout(resolve, 20));
    } while ((got.seen < sent || got.matches < matches) && performance.now() < deadline);
    if (got.seen === sent && got.matches === matches) return;
    throw new Error(`sent ${sent} events with ${matches} matches, seen ${got.seen} with ${got.matches}`);
  }

  /** POSTs that were sent again, over all that was held. */
  get refused(): number {
    return this.#sent.refused;
  }

  async end(): Promise<void> {
    this.#sender.send('end');
    await this.#sender.ended();
    this.#server.send({ kind: 'end' } satisfies ToServer);
    await this.#server.ended();
  }
}
