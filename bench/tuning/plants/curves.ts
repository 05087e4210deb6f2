/** What plants are built from: costs of a batch, what calls in flight do to each other, limits, disturbances. */

import { firstFree, noise, type Plant, type PlantCall, type PlantReply } from 'daoflow/testing';

export type Service = (call: PlantCall) => number | PlantReply;
/** Ms of a batch when nothing else runs. */
export type Cost = (batch: number) => number;
/** Factor on the cost by calls in flight. */
export type Contention = (inFlight: number, batch: number) => number;
/** Factor on the cost by virtual ms. */
export type Course = (now: number) => number;

export const affine =
  (call: number, event: number): Cost =>
  (batch) =>
    call + event * batch;

/** Universal scalability law: queueing s, coherence k. */
export const usl =
  (s: number, k: number): Contention =>
  (n) =>
    1 + s * (n - 1) + k * n * (n - 1);

/** Free up to a number of calls; each one more delays all. */
export const convoy =
  (free: number, slope: number): Contention =>
  (n) =>
    n <= free ? 1 : 1 + slope * (n - free);

const steady: Course = () => 1;

/** Calls share the plant. Work is what the batch costs alone. */
export function shared(cost: Cost, contention: Contention, sigma: number, course: Course = steady): Service {
  return ({ batch, inFlight, now, random }) => {
    const work = cost(batch) * course(now);
    return { durationMs: work * contention(inFlight, batch) * noise(random, sigma), work };
  };
}

/** Calls wait for the first free server. */
export function served(cost: Cost, sigma: number, networkMs = 0, course: Course = steady): Service {
  return (call) => {
    const work = cost(call.batch) * course(call.now) * noise(call.random, sigma);
    return { durationMs: firstFree(call, work) + networkMs, work };
  };
}

/**
 * Delays as a token bucket does, one call after the other: what it has not used for a while it makes up for, up to so much;
 * as long as there is of that, calls return at once.
 */
export function delayed(cost: Cost, sigma: number, allowanceMs: number): Service {
  return ({ batch, now, random, state }) => {
    const work = cost(batch) * noise(random, sigma);
    const freeAt = Math.max(state['freeAt'] ?? -Infinity, now - allowanceMs) + work;
    state['freeAt'] = freeAt;
    return { durationMs: Math.max(0, freeAt - now), work };
  };
}

/** As many calls at once as there are servers; what becomes of the others. */
export function room(cost: Cost, sigma: number, beyond: PlantReply): Service {
  return (call) => {
    const { servers, now, random, batch } = call;
    if (!servers.some((freeAt) => freeAt <= now)) return beyond;
    return firstFree(call, cost(batch) * noise(random, sigma));
  };
}

const refusal = (durationMs: number): PlantReply => ({ durationMs, outcome: 'rejected', work: 0.01 });

/** At most so many calls per second, with a burst: a bucket of tokens. */
export function bucket(service: Service, perSecond: number, burst: number, refusalMs = 2): Service {
  return (call) => {
    const { state, now } = call;
    const tokens = Math.min(burst, (state['tokens'] ?? burst) + ((now - (state['at'] ?? now)) * perSecond) / 1000);
    state['at'] = now;
    state['tokens'] = tokens >= 1 ? tokens - 1 : tokens;
    return tokens >= 1 ? service(call) : refusal(refusalMs);
  };
}

/** At most so many calls in each second of the clock. */
export function perSecond(service: Service, calls: number, refusalMs = 2): Service {
  return (call) => {
    const second = Math.floor(call.now / 1000);
    const used = call.state['second'] === second ? (call.state['used'] ?? 0) : 0;
    call.state['second'] = second;
    call.state['used'] = used + 1;
    return used < calls ? service(call) : refusal(refusalMs);
  };
}

/** More calls at once than that are refused. */
export function ceiling(service: Service, calls: number, refusalMs = 1): Service {
  return (call) => (call.inFlight > calls ? refusal(refusalMs) : service(call));
}

/** A share of the calls fails and may be tried again. */
export function flaky(service: Service, share: number): Service {
  return (call) => {
    const reply = replyOf(service(call));
    return call.random() < share ? { ...reply, outcome: 'failed' } : reply;
  };
}

/** Refuses everything for a while. */
export function outage(service: Service, fromMs: number, toMs: number, refusalMs = 1): Service {
  return (call) => (call.now >= fromMs && call.now < toMs ? refusal(refusalMs) : service(call));
}

/** A share of the calls takes so much longer: a factor, or ms on top. */
export function slowTail(service: Service, share: number, slower: { factor?: number; ms?: number }): Service {
  return (call) => {
    const reply = replyOf(service(call));
    if (call.random() >= share) return reply;
    return { ...reply, durationMs: reply.durationMs * (slower.factor ?? 1) + (slower.ms ?? 0) };
  };
}

export function replyOf(reply: number | PlantReply): PlantReply {
  return typeof reply === 'number' ? { durationMs: reply } : reply;
}

/** Another factor between two times. */
export const during =
  (fromMs: number, toMs: number, factor: number): Course =>
  (now) =>
    now >= fromMs && now < toMs ? factor : 1;

/** From 1 to a factor, linearly. */
export const ramp =
  (fromMs: number, toMs: number, factor: number): Course =>
  (now) =>
    1 + (factor - 1) * Math.min(1, Math.max(0, (now - fromMs) / (toMs - fromMs)));

/** A plant under a source that always has more. */
export function saturated(name: string, targetMs: number, service: Service, more: Partial<Plant> = {}): Plant {
  return { name, targetMs, arrivals: 'saturating', service, ...more };
}
