/**
 * Stands in for fast-check when FUZZ_FACTOR is set (vitest.config.ts): every property runs that many times more often.
 * Seeds are random as ever, and printed when a property fails.
 */

// By path: the name itself leads here.
import real from '../../node_modules/fast-check/lib/fast-check.js';

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);
const USUAL_RUNS = 100;

function assert(property: never, parameters: { readonly numRuns?: number } = {}): unknown {
  return real.assert(property, { ...parameters, numRuns: (parameters.numRuns ?? USUAL_RUNS) * FACTOR });
}

const fc: typeof real = { ...real, assert: assert as typeof real.assert };
export default fc;
