/** What the generated and the composed form of a region's loop have in common. */

import type { KeyColumn } from '../event/batch.ts';
import type { Clock } from '../time/clock.ts';
import type { Key } from '../operator/operator.ts';
import type { Ledger } from './ledger.ts';
import type { Outputs } from './outputs.ts';
import type { CollectorNode, OperatorNode, Region, StepNode } from './plan.ts';
import type { Domain } from './time-domain.ts';

/** Runs `events[start..end)` through a region. */
export type Loop = (events: readonly unknown[], start: number, end: number, keys: KeyColumn | undefined) => void;

/** What holds for all loops of a segment while they run. Not arguments: each call would box them anew. */
export class Moment {
  /** Epoch ms: the time of events that have no event time. */
  wallMs: number = -Infinity;
  /** Cost of one clock read, subtracted by a timed loop, ms. */
  clockMs: number = Number.NaN;
}

/** What a loop works with. */
export interface LoopContext {
  readonly outputs: Outputs;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly moment: Moment;
  /** The watermark has come to a time somebody waits for, or outputs must run through before it moves on. Never throws. */
  readonly settle: (domain: Domain) => void;
  readonly failed: (region: Region, index: number, event: unknown, key: Key | undefined, cause: unknown) => void;
}

export type LoopMaker = (region: Region, context: LoopContext, isTimed: boolean) => Loop;

export function isStateful(node: OperatorNode): node is StepNode | CollectorNode {
  return node.kind === 'step' || node.kind === 'collector';
}

/** Whether a step or collector works with the region's own time. */
export function readsOwnTime(region: Region): boolean {
  return region.operators.some((node) => isStateful(node) && node.time === undefined);
}

/** Indices of events that failed before they could reach a leaf. `failures` alternates event and operator. */
export function skippedBefore(failures: readonly number[], before: number): readonly number[] {
  if (failures.length === 0) return failures;
  return failures.filter((_, i) => i % 2 === 0 && (failures[i + 1] ?? 0) < before);
}
