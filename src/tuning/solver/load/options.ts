/**
 * The concurrencies that carry a load, the smallest first. Each is looked at when it is asked for: mostly one of the
 * first is taken, and what a single one does takes a dozen predictions.
 */

import type { Bound } from '../../../control/goal.ts';
import { naturalAt, type Carrying, type Natural } from './natural.ts';

/** Ratio of neighbours. */
const STEP = 1.2;

export class Options {
  readonly #load: Carrying;
  readonly #concurrencies: readonly number[];
  readonly #known = new Map<number, Natural | undefined>();

  constructor(load: Carrying, within: Bound) {
    this.#load = load;
    this.#concurrencies = concurrenciesIn(within);
  }

  /** Undefined where it is none of them, or does not carry the load. */
  at(inFlight: number): Natural | undefined {
    return this.#concurrencies.includes(inFlight) ? this.#naturalAt(inFlight) : undefined;
  }

  /** The smallest that is wanted. */
  find(isWanted: (natural: Natural) => boolean): Natural | undefined {
    for (const inFlight of this.#concurrencies) {
      const natural = this.#naturalAt(inFlight);
      if (natural !== undefined && isWanted(natural)) return natural;
    }
    return undefined;
  }

  /** Of those that are equally quick the smallest; undefined where none carries the load. */
  quickest(): Natural | undefined {
    let quickest: Natural | undefined;
    for (const inFlight of this.#concurrencies) {
      const natural = this.#naturalAt(inFlight);
      if (natural === undefined) continue;
      if (quickest === undefined || natural.p95Ms < quickest.p95Ms) quickest = natural;
    }
    return quickest;
  }

  #naturalAt(inFlight: number): Natural | undefined {
    if (!this.#known.has(inFlight)) this.#known.set(inFlight, naturalAt(this.#load, inFlight));
    return this.#known.get(inFlight);
  }
}

function concurrenciesIn({ min, max }: Bound): number[] {
  const found: number[] = [];
  for (let inFlight = min; inFlight <= max; inFlight = Math.max(inFlight + 1, Math.floor(inFlight * STEP)))
    found.push(inFlight);
  return found;
}
