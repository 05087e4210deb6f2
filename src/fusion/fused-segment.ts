/**
 * Runs a planned segment: its regions' loops, its collectors' outputs, its time.
 *
 * Invariants
 * - Outputs of a collector run through what follows before its domain's watermark is seen there, and in order.
 * - A domain that follows another advances at the same events however the input was cut into batches.
 * - Wall-clock time never runs backwards here, whatever the clock does.
 */

import { hasPatterns, type LivePatterns } from '../pattern/match/live-patterns.ts';
import type { KeyColumn } from '../event/batch.ts';
import type { Clock } from '../time/clock.ts';
import type { CollectorOutput } from '../operator/collector-output.ts';
import type { Key } from '../operator/operator.ts';
import { Ledger } from './ledger.ts';
import { Moment, type Loop, type LoopContext, type LoopMaker } from './loop.ts';
import { Outputs } from './outputs.ts';
import type { CollectorNode, Plan, Region, TimeNode } from './plan.ts';
import type { OperatorCounters } from './ledger.ts';
import type { Failure, Segment } from './segment.ts';
import { restoreInto, snapshotOf, unstorable, type SegmentState } from './segment-state.ts';
import type { Alarm, Domain } from './time-domain.ts';

/** Reads that the cost of one clock read is the mean of. */
const CLOCK_READS = 8;

/** Timed calls per timed batch and loop: each costs two clock reads, about 0.1 us, which all events together pay. */
const TIMED_CALLS = 32;

interface RegionLoops {
  readonly plain: Loop;
  /** Made when first needed. */
  timed: Loop | undefined;
}

/** Which batches are timed: one in `every`, and none within `gapMs` of the one before. */
export interface Timing {
  readonly clock: Clock;
  readonly every: number;
  readonly gapMs: number;
}

export class FusedSegment implements Segment {
  readonly #plan: Plan;
  readonly #timing: Timing;
  /** Those of the plan that somebody lives by. */
  readonly #wallDomains: readonly Domain[];
  readonly #times: readonly TimeNode[];
  /** All collectors, each before those that it feeds. */
  readonly #collectors: readonly CollectorNode[];
  /** What each of them puts its outputs in: asked after every batch, and through the collectors, of many classes, it costs 10 ns. */
  readonly #collected: readonly CollectorOutput[];
  readonly #makeLoop: LoopMaker;
  readonly #context: LoopContext;
  readonly #outputs: Outputs;
  readonly #ledger: Ledger;
  readonly #loops: readonly RegionLoops[];
  /** By the domain's identity: whose alarms to ring. */
  readonly #nodeOf: ReadonlyMap<Alarm, CollectorNode>;
  readonly #moment = new Moment();
  readonly #rootLoop: Loop;
  #failures: Failure[] = [];
  /** Batches until the next one that may be timed. */
  #untilTimed: number;
  #timedAtMs = -Infinity;
  #isTimed = false;
  #hasEnded = false;
  /** Kept up to date rather than worked out when it is read: a number that is returned is boxed. */
  nextTickMs: number = Infinity;

  constructor(plan: Plan, leaves: number, timing: Timing, makeLoop: LoopMaker) {
    this.#plan = plan;
    this.#timing = timing;
    this.#untilTimed = timing.every > 0 ? timing.every : Infinity;
    this.#wallDomains = plan.wallDomains.filter((domain) => domain.isRead);
    this.#times = plan.root.times.filter(({ domain }) => domain.isRead);
    this.#collectors = collectorsOf(plan.root);
    this.#collected = this.#collectors.map(({ collector }) => collector.output);
    this.#makeLoop = makeLoop;
    this.#outputs = new Outputs(leaves);
    this.#ledger = new Ledger(plan);
    this.#nodeOf = new Map(plan.regions.flatMap(({ collectors }) => collectors.map((node) => [node.alarm, node])));
    this.#context = {
      outputs: this.#outputs,
      ledger: this.#ledger,
      clock: timing.clock,
      moment: this.#moment,
      settle: (domain) => this.#settle(domain),
      failed: (region, index, event, key, cause) => this.#fail(region, index, event, key, cause),
    };
    this.#loops = plan.regions.map((region) => ({ plain: makeLoop(region, this.#context, false), timed: undefined }));
    this.#rootLoop = (this.#loops[0] as RegionLoops).plain;
  }

  process(events: readonly unknown[], start: number, end: number, partition: string, keys?: KeyColumn): void {
    if (start >= end) return;
    this.enter(partition);
    this.pass(events, start, end, keys);
    this.leave();
  }

  enter(partition: string): void {
    const times = this.#times;
    for (let i = 0; i < times.length; i++) (times[i] as TimeNode).maxima.open(partition, this.#moment.wallMs);
  }

  pass(events: readonly unknown[], start: number, end: number, keys?: KeyColumn): void {
    this.#untilTimed -= 1;
    if (this.#untilTimed <= 0 && this.#moment.wallMs >= this.#timedAtMs + this.#timing.gapMs) this.#beginTimed();
    if (this.#isTimed) this.#run(this.#plan.root, events, start, end, keys);
    else this.#runPlain(events, start, end, keys);
    this.#drainAll();
    this.#isTimed = false;
  }

  leave(): void {
    const times = this.#times;
    for (let i = 0; i < times.length; i++) (times[i] as TimeNode).maxima.close();
    this.#planTick();
  }

  get hasOutput(): boolean {
    return this.#failures.length > 0 || !this.#outputs.isEmpty;
  }

  take(leaf: number): unknown[] | undefined {
    return this.#outputs.take(leaf);
  }

  takeFailures(): Failure[] | undefined {
    if (this.#failures.length === 0) return undefined;
    const failures = this.#failures;
    this.#failures = [];
    return failures;
  }

  tick(wallMs: number): void {
    if (this.#hasEnded) return;
    this.#advanceWall(wallMs);
    for (const node of this.#plan.root.times) this.#rest(node);
    this.#drainAll();
    this.#planTick();
  }

  endPartition(partition: string, wallMs: number): void {
    if (this.#hasEnded) return;
    this.#advanceWall(wallMs);
    for (const node of this.#plan.root.times) {
      node.maxima.end(partition);
      this.#rest(node);
    }
    this.#drainAll();
    this.#planTick();
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#drainAll();
    this.#endRegion(this.#plan.root);
    this.#planTick();
  }

  snapshot(): SegmentState {
    return snapshotOf(this.#plan, this.#moment.wallMs);
  }

  restore(state: SegmentState): void {
    restoreInto(this.#plan, state);
    this.#moment.wallMs = state.wallMs;
    for (const region of this.#plan.regions) {
      region.domain.reset();
      for (const { domain } of region.times) domain.reset();
    }
    this.#planTick();
  }

  unstorable(): readonly string[] {
    return unstorable(this.#plan);
  }

  counters(): readonly OperatorCounters[] {
    return this.#ledger.read();
  }

  patterns(): ReadonlyMap<string, LivePatterns> {
    const named = this.#collectors.flatMap(({ name, collector }) =>
      hasPatterns(collector) ? [[name, collector.patterns] as const] : [],
    );
    return new Map(named);
  }

  #planTick(): void {
    let next = Infinity;
    const domains = this.#wallDomains;
    for (let i = 0; i < domains.length; i++) next = Math.min(next, (domains[i] as Domain).next);
    const times = this.#times;
    for (let i = 0; i < times.length; i++) {
      const { domain, maxima, outOfOrderMs } = times[i] as TimeNode;
      if (domain.next < Infinity) next = Math.min(next, maxima.expiryFor(domain.next + outOfOrderMs));
    }
    this.nextTickMs = next;
  }

  #beginTimed(): void {
    this.#isTimed = true;
    this.#untilTimed = this.#timing.every;
    this.#timedAtMs = this.#moment.wallMs;
    this.#ledger.fadeTimes();
    this.#moment.clockMs = clockCostMs(this.#timing.clock);
  }

  #advanceWall(wallMs: number): void {
    const moment = this.#moment;
    if (wallMs > moment.wallMs) moment.wallMs = wallMs;
    const domains = this.#wallDomains;
    for (let i = 0; i < domains.length; i++) {
      const domain = domains[i] as Domain;
      domain.raise(moment.wallMs);
      if (domain.next <= domain.watermark || domain.isFollowed) this.#settle(domain);
    }
  }

  /** Takes what the partitions that still hold the watermark back allow. */
  #rest(node: TimeNode): void {
    const { domain, maxima, outOfOrderMs } = node;
    domain.raise(maxima.least(this.#moment.wallMs) - outOfOrderMs);
    if (domain.next <= domain.watermark) this.#settle(domain);
  }

  /** `#run` of the root, untimed. */
  #runPlain(events: readonly unknown[], start: number, end: number, keys?: KeyColumn): void {
    (this.#ledger.entered[0] as number) += end - start;
    this.#rootLoop(events, start, end, keys);
  }

  #run(region: Region, events: readonly unknown[], start: number, end: number, keys?: KeyColumn): void {
    (this.#ledger.entered[region.id] as number) += end - start;
    const loops = this.#loops[region.id];
    if (loops === undefined) return;
    let from = start;
    if (this.#isTimed) {
      from = Math.min(end, start + Math.ceil(TIMED_CALLS / Math.max(1, region.operators.length)));
      loops.timed ??= this.#makeLoop(region, this.#context, true);
      loops.timed(events, start, from, keys);
    }
    if (from < end) loops.plain(events, from, end, keys);
  }

  /** Wakes who is due in `domain` and in those that follow it. */
  #settle(domain: Domain): void {
    const { watermark, alarms } = domain;
    let isStale = false;
    if (domain.next <= watermark) {
      isStale = true;
      for (const alarm of alarms) if (alarm.atMs <= watermark) this.#wake(alarm, watermark);
    }
    if (domain.isFollowed) for (const alarm of alarms) if (this.#follow(alarm, watermark)) isStale = true;
    if (isStale) domain.reset();
  }

  /** Runs through what a collector has given, then lets the time that follows it pass. */
  #follow(alarm: Alarm, watermark: number): boolean {
    const { follower } = alarm;
    const node = this.#nodeOf.get(alarm);
    if (follower === undefined || node === undefined) return false;
    const hasRun = this.#drainPort(node, 0);
    follower.raise(watermark);
    const isDue = hasRun || follower.next <= watermark;
    if (isDue) this.#settle(follower);
    return isDue;
  }

  #wake(alarm: Alarm, watermark: number): void {
    alarm.atMs = Infinity;
    const node = this.#nodeOf.get(alarm);
    if (node !== undefined) this.#guard(node, () => node.collector.advance(watermark));
  }

  #drainAll(): void {
    const collected = this.#collected;
    for (let i = 0; i < collected.length; i++) {
      if (!(collected[i] as CollectorOutput).isEmpty) this.#drainPorts(this.#collectors[i] as CollectorNode);
    }
  }

  #drainPorts(node: CollectorNode): void {
    for (const failure of node.collector.output.takeFailures() ?? []) {
      this.#failures.push({ operator: node.name, ...failure });
    }
    for (let port = 0; port < node.ports; port++) this.#drainPort(node, port);
  }

  #drainPort(node: CollectorNode, port: number): boolean {
    const outputs = node.collector.output.take(port);
    if (outputs === undefined || outputs.length === 0) return false;
    const { passed } = this.#ledger;
    passed[node.index] = (passed[node.index] ?? 0) + outputs.length;
    const region = node.regions[port];
    if (region !== undefined) this.#run(region, outputs, 0, outputs.length);
    return true;
  }

  #endRegion(region: Region): void {
    region.domain.end();
    for (const { domain } of region.times) domain.end();
    for (const node of region.collectors) {
      this.#guard(node, () => node.collector.end());
      this.#drainPorts(node);
      for (const below of node.regions) if (below !== undefined) this.#endRegion(below);
    }
  }

  /** A collector may call user code when time passes: its failure belongs to no single event. */
  #guard(node: CollectorNode, run: () => void): void {
    const beganMs = this.#isTimed ? this.#timing.clock.now() : 0;
    try {
      run();
    } catch (cause) {
      this.#failures.push({ operator: node.name, event: undefined, key: undefined, cause });
    }
    if (!this.#isTimed) return;
    const { timeMs } = this.#ledger;
    timeMs[node.index] = (timeMs[node.index] ?? 0) + this.#timing.clock.now() - beganMs - this.#moment.clockMs;
  }

  #fail(region: Region, index: number, event: unknown, key: Key | undefined, cause: unknown): void {
    this.#ledger.fail(region, index);
    this.#failures.push({ operator: this.#plan.operators[index]?.name ?? '', event, key, cause });
  }
}

function collectorsOf(region: Region): CollectorNode[] {
  const below = (node: CollectorNode): CollectorNode[] =>
    node.regions.flatMap((next) => (next === undefined ? [] : collectorsOf(next)));
  return region.collectors.flatMap((node) => [node, ...below(node)]);
}

function clockCostMs(clock: Clock): number {
  const beganMs = clock.now();
  let endMs = beganMs;
  for (let i = 0; i < CLOCK_READS; i++) endMs = clock.now();
  return (endMs - beganMs) / CLOCK_READS;
}
