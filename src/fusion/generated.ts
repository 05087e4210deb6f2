/**
 * A region as one generated loop.
 *
 * The text comes from the templates of `loop-text.ts` and from integers, nothing else: user functions, names, fields
 * and objects are handed over by reference (`refs`), so no string of the user's or of the network's is ever
 * compiled. Each text is unique (its sourceURL), so V8 keeps type feedback per segment and can inline
 * what the segment calls.
 */

import { NOTHING } from '../operator/operator.ts';
import { skippedBefore, type Loop, type LoopContext } from './loop.ts';
import { sourceOf } from './loop-text.ts';
import { badItems, badKey, badTime, type Region } from './plan.ts';

/** Longest flow name that appears in a profile. */
const NAME_LENGTH = 64;

let serial = 0;
let allowed: boolean | undefined;

/** False under `--disallow-code-generation-from-strings`. Tried once. */
export function canGenerate(): boolean {
  allowed ??= tryGenerate();
  return allowed;
}

function tryGenerate(): boolean {
  try {
    instantiate('return undefined;', {});
    return true;
  } catch {
    return false;
  }
}

/** @param flow - its name, for profiles and stack traces */
export function generateLoop(flow: string, region: Region, context: LoopContext, isTimed: boolean): Loop {
  const refs = references(region, context);
  return instantiate(`${sourceOf(region, isTimed, Object.keys(refs))}\n//# sourceURL=${urlOf(flow)}`, refs) as Loop;
}

function urlOf(flow: string): string {
  serial += 1;
  return `daoflow/${flow.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, NAME_LENGTH)}/segment-${serial}.js`;
}

function instantiate(source: string, refs: Readonly<Record<string, unknown>>): unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own template, see the header
  const make = new Function('refs', source) as (given: typeof refs) => unknown;
  return make(refs);
}

function references(region: Region, context: LoopContext): Record<string, unknown> {
  const { outputs, ledger, clock, moment, settle, failed } = context;
  const refs: Record<string, unknown> = {
    NOTHING,
    badItems,
    badKey,
    badTime,
    skippedBefore,
    region,
    outputs,
    clock,
    moment,
  };
  Object.assign(refs, {
    settle,
    failed,
    dropped: ledger.dropped,
    passed: ledger.passed,
    timeMs: ledger.timeMs,
    timeOf: region.parent?.timeOf,
  });
  for (const node of region.operators) {
    const { index } = node;
    if (node.kind === 'step') refs[`s${index}`] = node.step;
    else if (node.kind === 'collector') {
      refs[`s${index}`] = node.collector;
      for (const [name, ref] of Object.entries(node.collector.inline?.refs ?? {})) refs[`c${index}${name}`] = ref;
    } else refs[`f${index}`] = node.fn;
    if (node.kind === 'keyBy') Object.assign(refs, { [`field${index}`]: node.field, [`reads${index}`]: node.reads });
    if (node.kind === 'eventTime') {
      Object.assign(refs, {
        [`d${index}`]: node.domain,
        [`p${index}`]: node.maxima,
        [`lag${index}`]: node.outOfOrderMs,
      });
    }
  }
  return refs;
}
