/**
 * Waiting for company, for the goal `economy`: of the target, a share is spent on larger batches, which cost less per event.
 */

import { naturalAt, type Carrying } from './natural.ts';

export interface Lingering {
  readonly lingerMs: number;
  readonly batch: number;
  readonly inFlight: number;
  readonly p95Ms: number;
}

/** Slots over those busy on average: calls do not come evenly. */
const SPARE = 1.3;
const BISECTIONS = 12;
/** Fewer events than this are no company. */
const LEAST_BATCH = 1.5;

/** @param p95Ms - what may be spent. Undefined where waiting would win nothing. */
export function lingering(load: Carrying, p95Ms: number, mostInFlight: number): Lingering | undefined {
  const at = (lingerMs: number): Lingering => {
    const batch = Math.max(1, load.rate * lingerMs);
    const alone = load.model.predict(batch, 1);
    const inFlight = Math.max(1, Math.ceil((SPARE * load.rate * alone.ms) / batch));
    const { ms, tail } = load.model.predict(batch, Math.min(inFlight, mostInFlight));
    return { lingerMs, batch, inFlight, p95Ms: lingerMs + ms * tail };
  };
  const mostMs = Math.min(p95Ms, load.batchLimit / load.rate);
  let [low, high] = [0, mostMs];
  if (at(mostMs).p95Ms <= p95Ms) low = mostMs;
  for (let i = 0; i < BISECTIONS && low < mostMs; i += 1) {
    const middle = (low + high) / 2;
    if (at(middle).p95Ms <= p95Ms) low = middle;
    else high = middle;
  }
  const found = at(low);
  const natural = naturalAt(load, found.inFlight);
  const isWorth = found.batch >= LEAST_BATCH * Math.max(1, natural?.batch ?? 1);
  return isWorth && found.inFlight <= mostInFlight && found.p95Ms <= p95Ms ? found : undefined;
}
