/**
 * Fused segments against the hand-written loop and composed closures.
 *
 * CPU time per event, variants alternating round by round within one process. Polluted: six other segments run through the same code first, as in a real process.
 * Every result is checked. Events come as arrays of 256 `{ ts, key, value, type }`, 1000 keys.
 *
 * Run: npx tsdown bench/micro/fusion.ts --format esm --out-dir .build/micro && node .build/micro/fusion.js [--quick]
 */

import { atLeast, bench, interleave, ratioOf, type BenchContext, type Sample } from '../harness/index.ts';
import { flowBare, flowLeaf, flowTen, flowThree, flowTwo } from './fusion/flows.ts';
import { handBare, handLeaf, handTen, handThree, handTwo } from './fusion/hand-loops.ts';
import { BATCH, BATCHES, type Event, type Variant } from './fusion/load.ts';
import { compile, feed } from './fusion/segments.ts';

/** Runs over all batches per timed round: about 1 M events. */
const REPEATS = 24;

function pollute(): void {
  for (const generateCode of [true, false]) {
    for (let i = 0; i < 6; i++) {
      const other = compile(
        [
          { kind: 'map', name: 'a', fn: (e: Event) => ({ ...e, extra: i }) },
          { kind: 'filter', name: 'b', fn: (e: Event) => e.value % (i + 2) !== 0 },
          { kind: 'keyBy', name: 'c', fn: (e: Event) => (i % 2 === 0 ? e.key : e.value) },
          { kind: 'flatMap', name: 'd', fn: (e: Event) => (i % 3 === 0 ? [e, i] : [e.type]) },
          { kind: 'tap', name: 'e', fn: (e: unknown) => typeof e },
        ],
        generateCode,
        3,
        i % 2 === 0,
      );
      feed(other, false);
      other.take(0);
    }
  }
}

/** Alternates the loop and the variants, each checked against the loop; notes what they cost. */
async function compare<K extends string>(
  b: BenchContext<Target>,
  flow: string,
  hand: () => Variant,
  variants: Readonly<Record<K, () => Variant>>,
): Promise<Record<K, Sample>> {
  const expected = hand()();
  const made = Object.entries<() => Variant>({ loop: hand, ...variants });
  const runs = made.map(([name, make]) => [name, repeated(b, `${flow} ${name}`, make(), expected)] as const);
  const costs = await interleave({ rounds: b.rounds(21, 7) }, Object.fromEntries(runs));
  for (const [name, cost] of Object.entries(costs)) b.note(`${flow} ${name}`, 'cpu', cost, 'ns/event');
  const ratios = made.map(([name]) => [name, ratioOf(costs['loop'] as Sample, costs[name] as Sample)] as const);
  return Object.fromEntries(ratios) as Record<K, Sample>;
}

function repeated(b: BenchContext<Target>, name: string, run: Variant, expected: number): () => number {
  return () => {
    for (let i = 0; i < REPEATS; i++) {
      const result = run();
      if (result !== expected) b.check(false, `${name}: expected ${expected}, received ${result}`);
    }
    return REPEATS * BATCHES * BATCH;
  };
}

type Target = 'two' | 'twoUntimed' | 'ten' | 'three' | 'threeDense' | 'leaf';

const ofLoop = { metric: 'of the loop', unit: 'x' };

await bench<Target>('fusion', {
  targets: {
    two: { name: 'ii: map, filter, count', ...ofLoop, ...atLeast(0.8) },
    twoUntimed: { name: 'ii without timed batches', ...ofLoop, ...atLeast(0.9) },
    ten: { name: '10 operators, count', ...ofLoop, ...atLeast(0.9) },
    three: { name: 'iii: event time, map, filter, window, Map keys', ...ofLoop, ...atLeast(0.75) },
    threeDense: { name: 'iii with dense ids', ...ofLoop, ...atLeast(2) },
    leaf: { name: 'map, filter into a fresh array', ...ofLoop, ...atLeast(0.8) },
  },
  async run(b) {
    pollute();
    const two = await compare(b, 'ii', handTwo, {
      fused: () => flowTwo(true),
      untimed: () => flowTwo(true, 0),
      composed: () => flowTwo(false),
    });
    b.record('two', two.fused);
    b.record('twoUntimed', two.untimed);
    const bare = await compare(b, 'ii bare', handBare, { fused: () => flowBare(true) });
    b.note('ii with no terminal, counters only', 'of the loop', bare.fused, 'x');
    const ten = await compare(b, 'ten', handTen, {
      fused: () => flowTen(true),
      untimed: () => flowTen(true, 0),
      composed: () => flowTen(false),
    });
    b.record('ten', ten.fused);
    const three = await compare(b, 'iii', handThree, {
      fused: () => flowThree(true, false),
      dense: () => flowThree(true, true),
      composed: () => flowThree(false, false),
    });
    b.record('three', three.fused);
    b.record('threeDense', three.dense);
    const leaf = await compare(b, 'leaf', handLeaf, { fused: () => flowLeaf(true), composed: () => flowLeaf(false) });
    b.record('leaf', leaf.fused);
  },
});
