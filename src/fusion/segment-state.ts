/**
 * The state of a segment over a restart: what its operators keep, and how far time had come.
 *
 * Invariants (segment-state.test.ts)
 * - A segment that goes on from a snapshot gives what the first one would have given.
 * - An operator's data goes back to the operator of the same name and shape, or nowhere: what does not fit is refused.
 * - An operator that is new to the flow starts empty.
 */

import { isStored, StateError, type StateData } from '../state/stored.ts';
import { isStateful } from './loop.ts';
import type { MaximaData } from './partition-maxima.ts';
import type { CollectorNode, Plan, Region, StepNode } from './plan.ts';

export interface SegmentState {
  readonly operators: ReadonlyMap<string, { readonly shape: string; readonly data: StateData }>;
  /** Watermarks: of what runs before any `eventTime` by the collector above it and its port, and by `eventTime`. */
  readonly watermarks: ReadonlyMap<string, number>;
  /** By the name of the `eventTime`. */
  readonly maxima: ReadonlyMap<string, MaximaData>;
  readonly wallMs: number;
}

/** Names of operators that keep state which cannot be stored. */
export function unstorable(plan: Plan): string[] {
  return plan.operators
    .filter(isStateful)
    .filter((node) => keeps(node) && !isStored(stateOf(node)))
    .map(({ name }) => name);
}

/** Between two batches only. @throws StateError when a value is not plain data */
export function snapshotOf(plan: Plan, wallMs: number): SegmentState {
  const operators = new Map<string, { shape: string; data: StateData }>();
  for (const node of plan.operators.filter(isStateful)) {
    const stored = stateOf(node);
    if (isStored(stored)) operators.set(node.name, { shape: stored.shape, data: stored.snapshot() });
  }
  const watermarks = new Map<string, number>();
  const maxima = new Map<string, MaximaData>();
  for (const region of plan.regions) {
    watermarks.set(placeOf(plan, region), region.domain.watermark);
    for (const { name, domain, maxima: own } of region.times) {
      watermarks.set(name, domain.watermark);
      maxima.set(name, own.snapshot());
    }
  }
  return { operators, watermarks, maxima, wallMs };
}

/** Only into a new segment. @throws StateError when the state does not fit */
export function restoreInto(plan: Plan, state: SegmentState): void {
  for (const region of plan.regions) {
    region.domain.raise(resumed(state.watermarks.get(placeOf(plan, region))));
    for (const { name, domain, maxima } of region.times) {
      domain.raise(resumed(state.watermarks.get(name)));
      const seen = state.maxima.get(name);
      if (seen !== undefined) maxima.restore(seen);
    }
  }
  const left = new Set(state.operators.keys());
  for (const node of plan.operators.filter(isStateful)) {
    const saved = state.operators.get(node.name);
    if (saved === undefined) continue;
    left.delete(node.name);
    restoreOne(node, saved);
  }
  if (left.size > 0) {
    throw new StateError(
      `there is stored state of ${[...left].join(', ')}, which the flow does not have any more. Give the operator its old name, or start with another data directory.`,
    );
  }
}

function restoreOne(node: StepNode | CollectorNode, saved: { readonly shape: string; readonly data: StateData }): void {
  const stored = stateOf(node);
  if (!isStored(stored) || stored.shape !== saved.shape) {
    throw new StateError(
      `${node.name}: its stored state is of "${saved.shape}", the flow declares "${stored.shape ?? 'no state'}". Keep the old declaration, or give the operator another name.`,
    );
  }
  stored.restore(saved.data);
}

/** A flow that had ended and is started again begins a new stretch of time. */
function resumed(watermark = -Infinity): number {
  return watermark === Infinity ? -Infinity : watermark;
}

function stateOf(node: StepNode | CollectorNode): StepNode['step'] | CollectorNode['collector'] {
  return node.kind === 'step' ? node.step : node.collector;
}

/** A step that counts nothing has nothing to keep: a sample by chance. */
function keeps(node: StepNode | CollectorNode): boolean {
  return node.kind === 'collector' || node.step.counts !== undefined;
}

function placeOf(plan: Plan, { parent, id }: Region): string {
  if (parent === undefined) return '/';
  const node = plan.operators[parent.index] as CollectorNode;
  return `${node.name}/${node.regions.findIndex((region) => region?.id === id)}`;
}
