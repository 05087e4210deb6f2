import { ConnectorError } from '../../errors/errors.ts';
import { systemRandom } from '../../host/random.ts';
import type { DiscreteScheduler } from '../discrete-scheduler.ts';
import type { Plant, PlantReply } from './plant.ts';

/** What one stage spent at the plant. */
export interface Spent {
  work: number;
  refusedCalls: number;
}

/** A plant at work: what its calls share, and when they end. Any number of stages may call it. */
export class PlantTarget {
  readonly #plant: Plant;
  readonly #scheduler: DiscreteScheduler;
  readonly #random: () => number;
  readonly #servers: Float64Array;
  readonly #state: Record<string, number> = {};
  #inFlight = 0;

  constructor(plant: Plant, seed: number, scheduler: DiscreteScheduler) {
    this.#plant = plant;
    this.#scheduler = scheduler;
    this.#random = systemRandom(seed);
    this.#servers = new Float64Array(plant.servers ?? 1);
  }

  call(batch: number, spent: Spent): SimulatedCall {
    this.#inFlight += 1;
    const reply = replyOf(
      this.#plant.service({
        batch,
        inFlight: this.#inFlight,
        now: this.#scheduler.now(),
        random: this.#random,
        servers: this.#servers,
        state: this.#state,
      }),
    );
    spent.work += reply.work ?? reply.durationMs;
    if (reply.outcome !== undefined && reply.outcome !== 'ok') spent.refusedCalls += 1;
    return new SimulatedCall(this.#scheduler, reply, () => (this.#inFlight -= 1));
  }
}

function replyOf(reply: number | PlantReply): PlantReply {
  return typeof reply === 'number' ? { durationMs: reply } : reply;
}

/** What a call of the plant gives back: settles in virtual time like a promise, without being one. */
export class SimulatedCall {
  readonly #scheduler: DiscreteScheduler;
  readonly #reply: PlantReply;
  readonly #ended: () => void;

  constructor(scheduler: DiscreteScheduler, reply: PlantReply, ended: () => void) {
    this.#scheduler = scheduler;
    this.#reply = reply;
    this.#ended = ended;
  }

  then(resolve: (value: undefined) => void, reject: (cause: unknown) => void): void {
    const { durationMs, outcome = 'ok' } = this.#reply;
    this.#scheduler.after(durationMs, () => {
      this.#ended();
      if (outcome === 'ok') resolve(undefined);
      else reject(REFUSALS[outcome]);
    });
  }
}

const REFUSALS = {
  rejected: new ConnectorError('plant', 'refused', { retryable: true, backPressure: true }),
  failed: new ConnectorError('plant', 'failed', { retryable: true }),
};
