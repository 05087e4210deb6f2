import { composeLoop } from './composed.ts';
import { FusedSegment } from './fused-segment.ts';
import { canGenerate, generateLoop } from './generated.ts';
import type { LoopMaker } from './loop.ts';
import { planSegment } from './plan.ts';
import type { SegmentTree } from './segment-tree.ts';
import type { Segment, SegmentOptions } from './segment.ts';

/** Often enough to follow the load, seldom enough that ten clock reads per event do not show. */
const TIMED_EVERY = 128;
/** A timed batch costs about 4 us: 0.4 % of the time of a flow whose batches are short. */
const TIMED_GAP_MS = 1;

/**
 * Makes the state of every operator and fuses them into one loop per region of the trees.
 *
 * @param trees - the input forks into each of them, in order
 * @param leaves - leaves are numbered 0 to leaves - 1
 * @throws whatever the `create` of an operator throws, for example ConfigError
 * @example
 * const segment = compileSegment([{ operator: { kind: 'map', name: 'double', fn }, ports: [[{ leaf: 0 }]] }], 1, options);
 * segment.tick(Date.now());
 * segment.process([1, 2], 0, 2, 'p');
 * segment.take(0); // [2, 4]
 */
export function compileSegment(trees: readonly SegmentTree[], leaves: number, options: SegmentOptions): Segment {
  const { flow, clock, timedEvery = TIMED_EVERY, timedGapMs = TIMED_GAP_MS } = options;
  const generate: LoopMaker = (region, context, isTimed) => generateLoop(flow, region, context, isTimed);
  const generateCode = options.generateCode && canGenerate();
  const plan = planSegment(trees, { ...options, generateCode });
  const timing = { clock, every: timedEvery, gapMs: timedGapMs };
  return new FusedSegment(plan, leaves, timing, generateCode ? generate : composeLoop);
}
