/**
 * What a flow promises when its process ends at any moment: from one table, per pair of source and sink, and never more.
 *
 * Invariants (guarantee.test.ts)
 * - The flow's own level is that of its weakest pair.
 * - "Exactly once" is said only of outputs that a sink takes back to the checkpoint, and of state that follows sources
 *   which all replay.
 */

import type { Source } from '../event/source.ts';
import type { Plan } from './plan.ts';

/** From the weakest to the strongest. */
export const GUARANTEE_LEVELS = ['best-effort', 'at-least-once', 'effectively-once', 'exactly-once'] as const;

export type GuaranteeLevel = (typeof GUARANTEE_LEVELS)[number];

export interface PairGuarantee {
  readonly source: string;
  readonly sink: string;
  readonly level: GuaranteeLevel;
  /** What happens after a crash, in a few words. */
  readonly afterCrash: string;
}

export interface Guarantee {
  /** That of the weakest pair. */
  readonly level: GuaranteeLevel;
  readonly pairs: readonly PairGuarantee[];
  /** `exactly-once`: as if nothing had happened. `checkpoint`: as of the last one. `none`: begins anew. */
  readonly state: 'exactly-once' | 'checkpoint' | 'none';
  /** One line for people. */
  readonly text: string;
}

/** How a source comes back: it gives the same again, its own broker gives again what was not acknowledged, or not at all. */
type Return = 'replays' | 'redelivers' | 'forgets';
/** How a sink takes what comes twice. */
type Repeat = 'goes back' | 'by key' | 'again';

const OUTPUTS: Readonly<Record<Repeat, readonly [GuaranteeLevel, string]>> = {
  'goes back': ['exactly-once', 'goes on from the checkpoint; outputs after it are taken back and written again'],
  'by key': ['effectively-once', 'goes on from the checkpoint; outputs after it are written again to the same keys'],
  again: ['at-least-once', 'goes on from the checkpoint; outputs after it come again'],
};

/** @param hasData - the run takes checkpoints */
export function guaranteeOf(plan: Plan, hasData: boolean): Guarantee {
  const sinks = plan.stages.flatMap(({ node }) => (node.kind === 'sink' ? [node] : []));
  const pairs = plan.sources.flatMap(({ node: { name, source } }) =>
    sinks.map(({ name: sink, sink: { repeats } }): PairGuarantee => {
      const [level, afterCrash] = pairOf(returnOf(source, hasData), repeats ?? 'again', hasData);
      return { source: name, sink, level, afterCrash };
    }),
  );
  const level = GUARANTEE_LEVELS.find((each) => pairs.some((pair) => pair.level === each)) ?? 'best-effort';
  const replayAll = plan.sources.every(({ node }) => returnOf(node.source, hasData) === 'replays');
  const state = !hasData ? 'none' : replayAll ? 'exactly-once' : 'checkpoint';
  return { level, pairs, state, text: textOf(level, pairs, state) };
}

function returnOf(source: Source<unknown>, hasData: boolean): Return {
  const { replays = false } = source;
  if (replays !== false && hasData) return 'replays';
  if (replays === 'with data') return 'forgets';
  if (source.acknowledged !== undefined) return 'redelivers';
  return replays ? 'replays' : 'forgets';
}

function pairOf(returns: Return, repeats: Repeat, hasData: boolean): readonly [GuaranteeLevel, string] {
  if (returns === 'replays' && hasData) return OUTPUTS[repeats];
  if (returns === 'replays') return ['best-effort', 'begins anew'];
  if (returns === 'forgets') return ['best-effort', 'loses what was in memory'];
  const isKeyed = repeats === 'by key';
  return [isKeyed ? 'effectively-once' : 'at-least-once', 'what was not confirmed is delivered again'];
}

const STATES: Readonly<Record<Guarantee['state'], string>> = {
  'exactly-once': 'state exactly once',
  checkpoint: 'state as of the last checkpoint',
  none: 'state begins anew',
};

function textOf(level: GuaranteeLevel, pairs: readonly PairGuarantee[], state: Guarantee['state']): string {
  const weakest = pairs.find((pair) => pair.level === level);
  const why = weakest === undefined ? '' : ` (${weakest.source} to ${weakest.sink}: ${weakest.afterCrash})`;
  return `guarantee: ${level}${why}; ${STATES[state]}`;
}
