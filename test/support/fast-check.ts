/**
 * Stands in for fast-check when FUZZ_FACTOR is set (vitest.config.ts): every property runs that many times more often, from a random
 * seed that is printed when it fails. With SIMULATE_SEEDS each property runs once for each seed from SIMULATE_FROM.
 */

// By path: the name itself leads here.
import real from '../../node_modules/fast-check/lib/fast-check.js';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);
const SEEDS = Number(process.env['SIMULATE_SEEDS'] ?? 0);
const FROM = Number(process.env['SIMULATE_FROM'] ?? 1);
const USUAL_RUNS = 100;

function assert(property: never, parameters: { readonly numRuns?: number } = {}): unknown {
  if (SEEDS > 0) return assertSeeds(property, parameters);
  return real.assert(property, { ...parameters, numRuns: (parameters.numRuns ?? USUAL_RUNS) * FACTOR });
}

/** In turns: synchronous as long as the property is. */
function assertSeeds(property: never, parameters: object): unknown {
  for (let seed = FROM; seed < FROM + SEEDS; seed += 1) {
    const result: unknown = real.assert(property, { ...parameters, numRuns: 1, seed, endOnFailure: true });
    if (result instanceof Promise) return result.then(() => assertLater(property, parameters, seed + 1));
  }
  return undefined;
}

async function assertLater(property: never, parameters: object, from: number): Promise<void> {
  for (let seed = from; seed < FROM + SEEDS; seed += 1)
    await real.assert(property, { ...parameters, numRuns: 1, seed, endOnFailure: true });
}

const fc: typeof real = { ...real, assert: assert as typeof real.assert };
export default fc;
