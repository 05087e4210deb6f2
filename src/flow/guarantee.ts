/**
 * What a flow promises when its process ends at any moment: from one table, per pair of source and sink, and never more.
 *
 * Invariants (guarantee.test.ts)
 * - The flow's own level is that of its weakest pair.
 * - "Exactly once" is said only of outputs that a sink commits together with the checkpoint or takes back to it, and of
 *   state that follows sources which all replay.
 * - What is spilled (`whenSlow: 'spill'`) survives as if its source had it; where some sources replay and some do not,
 *   what came after the checkpoint is read from the disk and comes again, so outputs are there twice.
 */

import { ConfigError } from '../errors/errors.ts';
import type { Sink } from '../event/sink.ts';
import type { Source } from '../event/source.ts';
import type { TransactionPlace } from '../event/transaction.ts';
import type { Plan } from './plan.ts';
import { replaysAll, spillingStages } from './spilling.ts';

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
export type Return = 'replays' | 'redelivers' | 'forgets';
/** How a sink takes what comes twice. */
type Repeat = 'in one transaction' | 'goes back' | 'by key' | 'again';

const OUTPUTS: Readonly<Record<Repeat, readonly [GuaranteeLevel, string]>> = {
  'in one transaction': [
    'exactly-once',
    'goes on from the checkpoint, which is committed together with the outputs before it',
  ],
  'goes back': ['exactly-once', 'goes on from the checkpoint; outputs after it are taken back and written again'],
  'by key': ['effectively-once', 'goes on from the checkpoint; outputs after it are written again to the same keys'],
  again: ['at-least-once', 'goes on from the checkpoint; outputs after it come again'],
};

/** @param hasData - the run has a data directory */
export function guaranteeOf(plan: Plan, hasData: boolean): Guarantee {
  const hasCheckpoints = transactionPlaceOf(plan, hasData) !== undefined || hasData;
  const spilling = spillingStages(plan).map(({ name }) => name);
  const comesTwice = spilling.length > 0 && !replaysAll(plan);
  const pairs = plan.sources.flatMap(({ node: { name, source } }) =>
    sinksOf(plan).map(({ name: sink, sink: { repeats, transaction } }): PairGuarantee => {
      const own = repeats === 'goes back' && comesTwice ? 'again' : (repeats ?? 'again');
      const repeat = transaction === undefined ? own : 'in one transaction';
      const [level, afterCrash] = pairOf(returnOf(source, hasData, hasCheckpoints), repeat, hasCheckpoints);
      return { source: name, sink, level, afterCrash };
    }),
  );
  const level = GUARANTEE_LEVELS.find((each) => pairs.some((pair) => pair.level === each)) ?? 'best-effort';
  const replayAll = plan.sources.every(({ node }) => returnOf(node.source, hasData, hasCheckpoints) === 'replays');
  const state = !hasCheckpoints ? 'none' : replayAll ? 'exactly-once' : 'checkpoint';
  return { level, pairs, state, text: `${textOf(level, pairs, state)}${spilledText(spilling)}` };
}

/**
 * Where sinks commit their outputs together with the checkpoints; undefined where none does.
 *
 * @throws ConfigError when there are two such places, or a source that does not replay: then nothing would be exact
 */
export function transactionPlaceOf(plan: Plan, hasData: boolean): TransactionPlace | undefined {
  const [first, ...others] = sinksOf(plan).flatMap(({ name, sink: { transaction } }) =>
    transaction === undefined ? [] : [{ sink: name, transaction }],
  );
  if (first === undefined) return undefined;
  const { sink, transaction } = first;
  const other = others.find((each) => each.transaction.name !== transaction.name);
  if (other !== undefined) {
    const expected = `sinks that commit in one place (${sink} in ${transaction.name})`;
    throw new ConfigError(`flow.${plan.flow}.to`, expected, `${other.sink} in ${other.transaction.name}`);
  }
  const forgetful = plan.sources.find(({ node }) => returnOf(node.source, hasData, true) !== 'replays')?.node;
  if (forgetful === undefined) return transaction;
  const expected = `sources that replay, since ${sink} commits each output exactly once`;
  const fix = forgetful.source.replays === 'with data' ? 'Give the flow a data directory.' : undefined;
  throw new ConfigError(`flow.${plan.flow}.from`, expected, forgetful.name, fix);
}

function sinksOf({ stages }: Plan): readonly { readonly name: string; readonly sink: Sink<never> }[] {
  return stages.flatMap(({ node }) => (node.kind === 'sink' ? [node] : []));
}

/** What a source does after a crash of a run that has these. */
export function returnOf(source: Source<unknown>, hasData: boolean, hasCheckpoints: boolean): Return {
  const { replays = false } = source;
  if (replays === 'with data' ? hasData : replays && hasCheckpoints) return 'replays';
  if (replays === 'with data') return 'forgets';
  if (source.acknowledged !== undefined) return 'redelivers';
  return replays ? 'replays' : 'forgets';
}

function pairOf(returns: Return, repeats: Repeat, hasCheckpoints: boolean): readonly [GuaranteeLevel, string] {
  if (returns === 'replays' && hasCheckpoints) return OUTPUTS[repeats];
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

function spilledText(stages: readonly string[]): string {
  return stages.length === 0 ? '' : `; what ${stages.join(', ')} cannot take yet is on disk, and kept`;
}
