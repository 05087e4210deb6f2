import { startChild, type Child } from '../harness/index.ts';
import type { Ended, FromEngine, RunSpec, ToEngine } from './protocol.ts';

const LIMIT_MS = 4 * 3_600_000;

/** The engine's process, seen from the bench. One run at a time. */
export class Engine {
  readonly #child: Child = startChild('real-engine', { limitMs: LIMIT_MS });

  async begin(run: RunSpec): Promise<void> {
    await this.#ask({ kind: 'begin', run }, 'begun');
  }

  async end(): Promise<Ended> {
    return (await this.#ask({ kind: 'end' }, 'ended')).ended;
  }

  /** Mean duration of the calls that ended in between, ms since the start of the run. */
  async callMs(fromMs: number, toMs: number): Promise<number> {
    return (await this.#ask({ kind: 'callMs', fromMs, toMs }, 'callMs')).ms;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.#child.ended().catch(() => undefined); // killed, as it should be
  }

  /** @throws Error with what the engine failed with */
  async #ask<K extends FromEngine['kind']>(message: ToEngine, kind: K): Promise<Extract<FromEngine, { kind: K }>> {
    this.#child.send(message);
    const reply = (await this.#child.next()) as FromEngine;
    if (reply.kind === 'failed') throw new Error(`the engine failed: ${reply.message}`);
    if (reply.kind !== kind) throw new Error(`the engine answered ${reply.kind} to ${message.kind}`);
    return reply as Extract<FromEngine, { kind: K }>;
  }
}
