/**
 * What may be moved at a stage, and within which bounds: the natural range of each knob, the hard limits of the
 * target, and what the user fixed where the flow is declared.
 */

import { NATURAL_BOUNDS, type Bound, type KnobBounds } from '../../control/goal.ts';
import type { KnobName } from '../../control/settings.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { SinkNode, StageNode } from '../../flow/graph.ts';
import { durationMs } from '../../time/duration.ts';

/** What a stage was declared as. */
export type ControlledNode = Omit<StageNode, 'input'> | Omit<SinkNode, 'input'>;

/** One bound of one knob, and who drew it. */
export interface Restriction {
  readonly knob: KnobName;
  readonly bound: Bound;
  /** For messages: "the limit of sink postgres". */
  readonly by: string;
  /** How to be rid of it; undefined where there is no way. */
  readonly fix?: string | undefined;
}

export interface ControlledStage {
  readonly name: string;
  /** False: observed, not tuned (a rate limit, whose pace the user declared). */
  readonly isTuned: boolean;
  /** Nothing waits behind it. */
  readonly isLast: boolean;
  readonly restrictions: readonly Restriction[];
  /** Of these, what the user fixed where the flow is declared. */
  readonly declared: readonly Restriction[];
  /** What the restrictions leave. */
  readonly bounds: KnobBounds;
}

/** @throws ConfigError when the user fixed a value that the target does not allow */
export function controlledStage(flow: string, node: ControlledNode): ControlledStage {
  const { name } = node;
  const declared = fixedBy(node, `flow.${flow}.${name}`);
  const restrictions = [...limitsOf(node), ...declared];
  return {
    name,
    isTuned: node.kind === 'sink' || node.stage.kind !== 'rateLimit',
    isLast: node.kind === 'sink',
    restrictions,
    declared,
    bounds: restricted(NATURAL_BOUNDS, restrictions),
  };
}

/** Each knob's bound, cut by every restriction in turn. Contradictions are for the caller to find first. */
export function restricted(bounds: KnobBounds, restrictions: readonly Restriction[]): KnobBounds {
  const result: Record<KnobName, Bound> = { ...bounds };
  for (const { knob, bound } of restrictions) {
    result[knob] = { min: Math.max(result[knob].min, bound.min), max: Math.min(result[knob].max, bound.max) };
  }
  return result;
}

/** Whose bound has nothing in common with `bound`. */
export function contradiction(
  knob: KnobName,
  bound: Bound,
  restrictions: readonly Restriction[],
): Restriction | undefined {
  const natural = { knob, bound: NATURAL_BOUNDS[knob], by: `the range of ${knob}` };
  return [natural, ...restrictions].find(
    (other) => other.knob === knob && (bound.min > other.bound.max || bound.max < other.bound.min),
  );
}

/** `at most 8`, `at least 2`, `2 to 8`, `4`. */
export function describeBound({ min, max }: Bound): string {
  if (min === max) return `${min}`;
  if (max === Infinity) return `at least ${min}`;
  return min <= 0 ? `at most ${max}` : `${min} to ${max}`;
}

function limitsOf(node: ControlledNode): Restriction[] {
  if (node.kind === 'stage') {
    if (node.stage.kind !== 'mapAsync') return [];
    return [{ knob: 'batchLimit', bound: pinned(1), by: `${node.name}, which calls per event` }];
  }
  const { maxBatch, maxConcurrency } = node.sink.limits ?? {};
  const by = `the limit of sink ${node.sink.name}`;
  const restrictions: Restriction[] = [];
  if (maxBatch !== undefined) restrictions.push({ knob: 'batchLimit', bound: atMost(maxBatch), by });
  if (maxConcurrency !== undefined) {
    for (const knob of ['concurrency', 'burstConcurrency'] as const) {
      restrictions.push({ knob, bound: atMost(maxConcurrency), by });
    }
  }
  return restrictions;
}

/** A value that the user gave pins its knob; concurrency means bursts too. */
function fixedBy(node: ControlledNode, path: string): Restriction[] {
  const { concurrency, batch, linger, queue } = node.options;
  const isEach = node.kind === 'stage' && node.stage.kind === 'mapAsync';
  const given = [
    ['concurrency', 'concurrency', concurrency],
    ['concurrency', 'burstConcurrency', concurrency],
    ['batch', 'batchLimit', isEach ? undefined : batch],
    ['linger', 'lingerMs', linger === undefined ? undefined : durationMs(linger, `${path}.linger`)],
    ['queue.events', 'edgeEvents', queue?.events],
    ['queue.bytes', 'edgeBytes', queue?.bytes],
  ] as const;
  const limits = limitsOf(node);
  return given.flatMap(([option, knob, value]) => {
    if (value === undefined) return [];
    const against = contradiction(knob, pinned(value), limits);
    if (against !== undefined) {
      const expected = `${describeBound(against.bound)}, ${against.by}`;
      throw new ConfigError(`${path}.${option}`, expected, value, 'Leave it out: it tunes itself.');
    }
    const fix = `Leave ${option} out of the options of ${node.name} to steer it while the flow runs.`;
    return [{ knob, bound: pinned(value), by: `its declaration (${option}: ${value})`, fix }];
  });
}

const pinned = (value: number): Bound => ({ min: value, max: value });
const atMost = (max: number): Bound => ({ min: 0, max });
