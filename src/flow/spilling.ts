/** Which stages of a flow keep on disk what they cannot take yet, and what that means after a crash. */

import { ConfigError } from '../errors/errors.ts';
import type { SinkNode, SinkOptions, StageNode, StageOptions } from './graph.ts';
import type { Plan } from './plan.ts';

export const DEFAULT_SPILL_BYTES: number = 1024 ** 3;
/** Room comes back by segments of at least 1 MB. */
export const LEAST_SPILL_BYTES: number = 16 * 1024 ** 2;

export type SpillingNode = (StageNode | SinkNode) & { readonly options: StageOptions & Pick<SinkOptions, 'spill'> };

export function spillingStages({ stages }: Plan): SpillingNode[] {
  return stages.flatMap(({ node }) => ('whenSlow' in node.options && node.options.whenSlow === 'spill' ? [node] : []));
}

/** @throws ConfigError where a stage spills and there is no place for it */
export function checkSpilling(plan: Plan, data: string | undefined): void {
  const first = spillingStages(plan)[0];
  if (first === undefined || data !== undefined) return;
  const path = `flow.${plan.flow}.${first.name}.whenSlow`;
  throw new ConfigError(path, "a flow with a directory: flow(name, { data: 'DIR' })", 'spill without data');
}

/** All sources begin again at the checkpoint: what was spilled after it comes again from them. */
export function replaysAll({ sources }: Plan): boolean {
  return sources.every(({ node }) => (node.source.replays ?? false) !== false);
}
