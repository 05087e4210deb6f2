/**
 * The engine against the hand-written loop and the peers: CPU time of the process per event.
 *
 * Flows: i count; ii map, filter, count; iii map, filter, keyed tumbling sum over 1,000 keys; iv a call
 * that ends in the next turn of the event loop, per event (64 in flight) and per array of 256 (4 in flight).
 *
 * - One process, contestants in turn within each round; ratios are taken per round. Every answer is
 *   checked against the loop's.
 * - Polluted: each contestant has run six other flows before anything is measured (engine/pollution.ts).
 * - Warm: each contestant has run a flow for a second before that flow is measured, and for 10 ms right before each run that is.
 *   With --quick a quarter of a second: some of what is called once per pass is still compiled while it is measured.
 * - Each peer in its best configuration: what was chosen and why stands in its file (engine/peer).
 * - All peers get the same functions of users (engine/events.ts) and, for flow iii, the same window.
 *
 * `npm run bench:engine -- ii iv` measures these flows only; `--no-peers` sets DaoFlow against the loop alone.
 */

import { atLeast, bench, ratioOf, type BenchContext, type Sample } from './harness/index.ts';
import type { Peer } from './engine/contestant.ts';
import { costs, type Entry } from './engine/measure.ts';
import { pollute, polluteDaoFlow } from './engine/pollution.ts';
import type { JobName } from './engine/jobs.ts';
import { openDaoFlow } from './engine/peer/daoflow.ts';
import { effectStream } from './engine/peer/effect.ts';
import { generatorsOverArrays, generatorsPerEvent } from './engine/peer/generators.ts';
import { openDenseLoop, openLoop } from './engine/peer/loop.ts';
import { most } from './engine/peer/most.ts';
import { nodeArrays, nodeObjects } from './engine/peer/node-streams.ts';
import { openPeer } from './engine/peer/open-peer.ts';
import { rxjs } from './engine/peer/rxjs.ts';
import { webStreams } from './engine/peer/web-streams.ts';

const peers = [rxjs, most, nodeObjects, nodeArrays, generatorsPerEvent, generatorsOverArrays, effectStream, webStreams];

/** Times cheaper than the contestant that is named. */
const cpu = { metric: 'cpu ratio', unit: 'x' };

const targets = {
  twoLoop: { name: 'ii vs loop', ...cpu, ...atLeast(0.8) },
  twoRxjs: { name: 'ii vs RxJS', ...cpu, ...atLeast(8) },
  twoMost: { name: 'ii vs @most/core', ...cpu, ...atLeast(4) },
  twoNodeObjects: { name: 'ii vs Node streams, objects', ...cpu, ...atLeast(40) },
  twoNodeArrays: { name: 'ii vs Node streams, arrays', ...cpu, ...atLeast(5) },
  twoGeneratorArrays: { name: 'ii vs async generators, arrays', ...cpu, ...atLeast(5) },
  twoGenerators: { name: 'ii vs async generators, events', ...cpu, ...atLeast(90) },
  twoWeb: { name: 'ii vs Web Streams', ...cpu, ...atLeast(1000) },
  threeLoop: { name: 'iii vs loop', ...cpu, ...atLeast(0.75) },
  threeFreshLoop: { name: 'iii, fresh objects, vs loop', ...cpu, ...atLeast(0.75) },
  threeDenseLoop: { name: 'iii, dense keys, vs loop', ...cpu, ...atLeast(2) },
  threeRxjs: { name: 'iii vs RxJS', ...cpu, ...atLeast(3) },
  threeDenseRxjs: { name: 'iii, dense keys, vs RxJS', ...cpu, ...atLeast(8) },
  threeMost: { name: 'iii vs @most/core', ...cpu, ...atLeast(1.7) },
  threeNodeObjects: { name: 'iii vs Node streams, objects', ...cpu, ...atLeast(9) },
  threeNodeArrays: { name: 'iii vs Node streams, arrays', ...cpu, ...atLeast(2) },
  threeGeneratorArrays: { name: 'iii vs async generators, arrays', ...cpu, ...atLeast(2) },
  threeGenerators: { name: 'iii vs async generators, events', ...cpu, ...atLeast(20) },
  threeWeb: { name: 'iii vs Web Streams', ...cpu, ...atLeast(250) },
  eachLoop: { name: 'iv per event vs loop', ...cpu, ...atLeast(0.8) },
  eachRxjs: { name: 'iv per event vs RxJS', ...cpu, ...atLeast(12) },
  eachMost: { name: 'iv per event vs @most/core', ...cpu, ...atLeast(40) },
  eachNodeObjects: { name: 'iv per event vs Node streams, objects', ...cpu, ...atLeast(1.3) },
  eachGenerators: { name: 'iv per event vs async generators', ...cpu, ...atLeast(1.8) },
  eachWeb: { name: 'iv per event vs Web Streams', ...cpu, ...atLeast(80) },
  arraysEachLoop: { name: 'iv in arrays vs loop per event', ...cpu, ...atLeast(25) },
  arraysEachRxjs: { name: 'iv in arrays vs RxJS per event', ...cpu, ...atLeast(300) },
  arraysEachNode: { name: 'iv in arrays vs Node streams, objects', ...cpu, ...atLeast(30) },
};

type Key = keyof typeof targets;
type Context = BenchContext<Key>;
type Costs = ReadonlyMap<string, Sample>;

const NO_PEERS = '--no-peers';

/** By how its targets begin. */
const flowsOf = { two: 'ii', three: 'iii', each: 'iv', arrays: 'iv' } as const;

await bench('engine', {
  targets,
  usage: `  i ii iii iv        only these flows\n  ${NO_PEERS}         the loop only`,
  isWanted: (key, args) => isWanted(flowOf(key), args) && (!args.includes(NO_PEERS) || key.endsWith('Loop')),
  async run(b) {
    for (const peer of peers) await pollute(peer);
    await polluteDaoFlow();
    await flows(b);
  },
});

function flowOf(key: Key): string {
  return Object.entries(flowsOf).find(([prefix]) => key.startsWith(prefix))?.[1] ?? key;
}

function isWanted(name: string, args: readonly string[]): boolean {
  const named = args.filter((arg) => arg !== NO_PEERS);
  return named.length === 0 || named.includes(name);
}

async function flows(b: Context): Promise<void> {
  const compared = b.args.includes(NO_PEERS) ? [] : peers;
  const entries = (job: JobName): Entry[] => entriesOf(job, compared);
  if (isWanted('i', b.args)) await costs(b, 'count', 'i', entries('count'));
  if (isWanted('ii', b.args)) recordTwo(b, await costs(b, 'two', 'ii', entries('two')));
  if (isWanted('iii', b.args)) {
    const dense = { name: 'DaoFlow, dense keys', flow: openDaoFlow('threeDense') };
    const floor = { name: 'loop, dense keys', flow: openDenseLoop() };
    recordThree(b, await costs(b, 'three', 'iii', [...entries('three'), dense, floor]));
    const freshDense = { name: 'DaoFlow, dense keys', flow: openDaoFlow('threeFreshDense') };
    const fresh = await costs(b, 'threeFresh', 'iii, fresh objects', [...entries('threeFresh'), freshDense]);
    b.record('threeFreshLoop', versus(fresh, 'DaoFlow', 'loop'));
  }
  if (!isWanted('iv', b.args)) return;
  recordFour(
    b,
    await costs(b, 'each', 'iv per event', entries('each')),
    await costs(b, 'arrays', 'iv in arrays', entries('arrays')),
  );
}

function entriesOf(job: JobName, compared: readonly Peer[]): Entry[] {
  const opened = compared.flatMap((peer) => {
    const flow = openPeer(peer, job);
    return flow === undefined ? [] : [{ name: peer.name, flow }];
  });
  return [{ name: 'loop', flow: openLoop(job) }, { name: 'DaoFlow', flow: openDaoFlow(job) }, ...opened];
}

function recordTwo(b: Context, two: Costs): void {
  b.record('twoLoop', versus(two, 'DaoFlow', 'loop'));
  b.record('twoRxjs', versus(two, 'DaoFlow', rxjs.name));
  b.record('twoMost', versus(two, 'DaoFlow', most.name));
  b.record('twoNodeObjects', versus(two, 'DaoFlow', nodeObjects.name));
  b.record('twoNodeArrays', versus(two, 'DaoFlow', nodeArrays.name));
  b.record('twoGeneratorArrays', versus(two, 'DaoFlow', generatorsOverArrays.name));
  b.record('twoGenerators', versus(two, 'DaoFlow', generatorsPerEvent.name));
  b.record('twoWeb', versus(two, 'DaoFlow', webStreams.name));
}

function recordThree(b: Context, three: Costs): void {
  b.record('threeLoop', versus(three, 'DaoFlow', 'loop'));
  b.record('threeDenseLoop', versus(three, 'DaoFlow, dense keys', 'loop'));
  b.record('threeRxjs', versus(three, 'DaoFlow', rxjs.name));
  b.record('threeDenseRxjs', versus(three, 'DaoFlow, dense keys', rxjs.name));
  b.record('threeMost', versus(three, 'DaoFlow', most.name));
  b.record('threeNodeObjects', versus(three, 'DaoFlow', nodeObjects.name));
  b.record('threeNodeArrays', versus(three, 'DaoFlow', nodeArrays.name));
  b.record('threeGeneratorArrays', versus(three, 'DaoFlow', generatorsOverArrays.name));
  b.record('threeGenerators', versus(three, 'DaoFlow', generatorsPerEvent.name));
  b.record('threeWeb', versus(three, 'DaoFlow', webStreams.name));
}

/** Both forms do the same job, so one may be set against the other. */
function recordFour(b: Context, each: Costs, arrays: Costs): void {
  b.record('eachLoop', versus(each, 'DaoFlow', 'loop'));
  b.record('eachRxjs', versus(each, 'DaoFlow', rxjs.name));
  b.record('eachMost', versus(each, 'DaoFlow', most.name));
  b.record('eachNodeObjects', versus(each, 'DaoFlow', nodeObjects.name));
  b.record('eachGenerators', versus(each, 'DaoFlow', generatorsPerEvent.name));
  b.record('eachWeb', versus(each, 'DaoFlow', webStreams.name));
  const batched = arrays.get('DaoFlow');
  b.record('arraysEachLoop', ratio(each.get('loop'), batched));
  b.record('arraysEachRxjs', ratio(each.get(rxjs.name), batched));
  b.record('arraysEachNode', ratio(each.get(nodeObjects.name), batched));
}

/** null where one of them was not run. */
function versus(samples: Costs, subject: string, other: string): Sample | null {
  return ratio(samples.get(other), samples.get(subject));
}

function ratio(other: Sample | undefined, subject: Sample | undefined): Sample | null {
  return other === undefined || subject === undefined ? null : ratioOf(other, subject);
}
