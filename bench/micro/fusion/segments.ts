import type { OperatorSpec } from '../../../src/operator/operator.ts';
import type { SegmentTree } from '../../../src/fusion/segment-tree.ts';
import type { Segment } from '../../../src/fusion/segment.ts';
import { compileSegment } from '../../../src/fusion/compile.ts';
import { batches, BATCHES, clock, columns, FIRST_MS } from './load.ts';

export function feed(segment: Segment, withIds: boolean): void {
  segment.tick(FIRST_MS);
  for (let b = 0; b < BATCHES; b++) {
    const events = batches[b] ?? [];
    segment.process(events, 0, events.length, 'p', withIds ? columns[b] : undefined);
  }
}

export function compile(
  operators: readonly OperatorSpec[],
  generateCode: boolean,
  timedEvery = 128,
  leaf = false,
): Segment {
  const options = { flow: 'bench', clock, random: () => 0.5, generateCode, timedEvery };
  return compileSegment(tree(operators, leaf ? { leaf: 0 } : undefined), 1, options);
}

function tree(operators: readonly OperatorSpec[], end?: SegmentTree): readonly SegmentTree[] {
  let next: readonly SegmentTree[] = end === undefined ? [] : [end];
  for (const operator of operators.toReversed()) next = [{ operator, ports: [next] }];
  return next;
}
