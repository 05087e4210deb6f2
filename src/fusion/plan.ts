/**
 * A segment's trees as the loops need them: operators numbered in the order of the tree, state made,
 * time domains assigned, and cut into regions.
 *
 * A region is what one loop runs over an array of events: the whole segment down to its collectors,
 * or what follows one port of a collector. Regions form a tree, since outputs only flow down.
 *
 * Invariants
 * - Indices grow in the order of execution: operator `a` runs before `b` on an event when a < b.
 * - The operators below operator `a` have exactly the indices a+1 .. a.last.
 * - Key and event time do not carry over a collector, but for event time from port 0 of one with `timeOf`.
 */

import type { Clock, Random } from '../time/clock.ts';
import type { Collector, Key, OperatorEnvironment, OperatorSpec, Step, TimeDomain } from '../operator/operator.ts';
import type { SegmentTree } from './segment-tree.ts';
import { Alarm, Domain, TimeView } from './time-domain.ts';
import { PartitionMaxima } from './partition-maxima.ts';

export type PlanNode = LeafNode | FunctionNode | TimeNode | StepNode | CollectorNode;
export type OperatorNode = Exclude<PlanNode, LeafNode>;

interface Placed {
  readonly index: number;
  readonly name: string;
  /** Index of the last operator below. */
  readonly last: number;
  /** The operator that gave the key that holds here. */
  readonly key: FunctionNode | undefined;
  /** The operator that gave the event time that holds here; undefined: the region's own time. */
  readonly time: TimeNode | undefined;
  /** What follows in the same region. */
  readonly next: readonly PlanNode[];
}

export interface LeafNode {
  readonly kind: 'leaf';
  readonly leaf: number;
  /** Operators with a smaller index run before this leaf. */
  readonly before: number;
  /** Every event of the region that fails nowhere before comes here unchanged, and nothing else does. */
  readonly isPassThrough: boolean;
}

export interface FunctionNode extends Placed {
  readonly kind: 'map' | 'filter' | 'tap' | 'flatMap' | 'keyBy';
  readonly fn: (event: unknown) => unknown;
  /** keyBy only: the plain field that the key is, when the ids of a decoder can serve here. */
  readonly field: string | undefined;
  /** keyBy only: the field that `fn` reads, when it does nothing else. */
  readonly reads: string | undefined;
}

export interface TimeNode extends Placed {
  readonly kind: 'eventTime';
  readonly fn: (event: unknown) => unknown;
  readonly outOfOrderMs: number;
  readonly domain: Domain;
  readonly maxima: PartitionMaxima;
}

export interface StepNode extends Placed {
  readonly kind: 'step';
  readonly step: Step;
}

export interface CollectorNode extends Placed {
  readonly kind: 'collector';
  readonly collector: Collector;
  readonly alarm: Alarm;
  /** Names of the ports; at least as many as there are regions. */
  readonly ports: number;
  /** What follows each port; undefined where nothing does. */
  readonly regions: readonly (Region | undefined)[];
}

/** What one loop runs. */
export interface Region {
  readonly id: number;
  readonly roots: readonly PlanNode[];
  /** The collector whose outputs run through; undefined at the top. */
  readonly parent: { readonly index: number; readonly timeOf: ((output: unknown) => number) | undefined } | undefined;
  /** The time that holds where there is no `eventTime`. */
  readonly domain: Domain;
  readonly operators: readonly OperatorNode[];
  readonly times: readonly TimeNode[];
  readonly collectors: readonly CollectorNode[];
  readonly leaves: readonly LeafNode[];
}

export interface Plan {
  readonly root: Region;
  readonly regions: readonly Region[];
  /** By index. */
  readonly operators: readonly OperatorNode[];
  /** Those that follow the wall clock, parents first. */
  readonly wallDomains: readonly Domain[];
}

export interface PlanOptions {
  readonly flow: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly generateCode: boolean;
}

/** @throws whatever the `create` of an operator throws */
export function planSegment(trees: readonly SegmentTree[], options: PlanOptions): Plan {
  return new Planner(trees, options).plan(trees);
}

/** What holds at a place of the tree. */
interface Scope {
  readonly region: OpenRegion;
  readonly key: FunctionNode | undefined;
  readonly time: TimeNode | undefined;
  /** Events are still those that entered the region, all of them. */
  readonly isUnchanged: boolean;
}

interface OpenRegion {
  readonly isRoot: boolean;
  readonly domain: Domain;
  readonly operators: OperatorNode[];
  readonly times: TimeNode[];
  readonly collectors: CollectorNode[];
  readonly leaves: LeafNode[];
}

type OfKind<K extends OperatorSpec['kind']> = Extract<OperatorSpec, { kind: K }>;

class Planner {
  readonly #options: PlanOptions;
  readonly #operators: OperatorNode[] = [];
  readonly #regions: Region[] = [];
  readonly #wallDomains: Domain[] = [];
  readonly #sharedLeaves: ReadonlySet<number>;
  #count = 0;

  constructor(trees: readonly SegmentTree[], options: PlanOptions) {
    this.#options = options;
    this.#sharedLeaves = sharedLeaves(trees);
  }

  plan(trees: readonly SegmentTree[]): Plan {
    const root = this.#region(trees, undefined, this.#wallDomain());
    return { root, regions: this.#regions, operators: this.#operators, wallDomains: this.#wallDomains };
  }

  #wallDomain(): Domain {
    const domain = new Domain('processing');
    this.#wallDomains.push(domain);
    return domain;
  }

  #region(trees: readonly SegmentTree[], parent: Region['parent'], domain: Domain): Region {
    const open: OpenRegion = {
      isRoot: parent === undefined,
      domain,
      operators: [],
      times: [],
      collectors: [],
      leaves: [],
    };
    const id = this.#regions.length;
    this.#regions.length += 1; // Parents come before what is below them.
    const scope: Scope = { region: open, key: undefined, time: undefined, isUnchanged: true };
    const region: Region = { id, roots: trees.map((tree) => this.#node(tree, scope)), parent, ...open };
    this.#regions[id] = region;
    return region;
  }

  #node(tree: SegmentTree, scope: Scope): PlanNode {
    if ('leaf' in tree) {
      const isPassThrough = scope.isUnchanged && !this.#sharedLeaves.has(tree.leaf);
      const leaf: LeafNode = { kind: 'leaf', leaf: tree.leaf, before: this.#count, isPassThrough };
      scope.region.leaves.push(leaf);
      return leaf;
    }
    const index = this.#count++;
    const spec = tree.operator;
    switch (spec.kind) {
      case 'eventTime':
        return this.#eventTime(index, spec, tree.ports, scope);
      case 'step':
        return this.#step(index, spec, tree.ports, scope);
      case 'collector':
        return this.#collector(index, spec, tree.ports, scope);
      case 'map':
      case 'filter':
      case 'tap':
      case 'flatMap':
      case 'keyBy':
        return this.#function(index, spec, tree.ports, scope);
    }
  }

  #function(
    index: number,
    spec: OfKind<'map' | 'filter' | 'tap' | 'flatMap' | 'keyBy'>,
    ports: Ports,
    scope: Scope,
  ): FunctionNode {
    const field = spec.kind === 'keyBy' && scope.region.isRoot ? spec.field : undefined;
    const fn = spec.fn as (event: unknown) => unknown;
    const reads = spec.kind === 'keyBy' && spec.isField === true ? spec.field : undefined;
    const node = { kind: spec.kind, ...placed(index, spec, scope), fn, field, reads };
    this.#enter(node, scope);
    const isUnchanged = scope.isUnchanged && (spec.kind === 'tap' || spec.kind === 'keyBy');
    this.#follow(node, ports, { ...scope, isUnchanged, key: spec.kind === 'keyBy' ? node : scope.key });
    return node;
  }

  #eventTime(index: number, spec: OfKind<'eventTime'>, ports: Ports, scope: Scope): TimeNode {
    const node = {
      kind: spec.kind,
      ...placed(index, spec, scope),
      fn: spec.fn as (event: unknown) => unknown,
      outOfOrderMs: spec.outOfOrderMs,
      domain: new Domain('event'),
      maxima: new PartitionMaxima(spec.idleMs, spec.goesOn),
    };
    this.#enter(node, scope);
    scope.region.times.push(node);
    this.#follow(node, ports, { ...scope, time: node });
    return node;
  }

  #step(index: number, spec: OfKind<'step'>, ports: Ports, scope: Scope): StepNode {
    const time = new TimeView(read(domainOf(scope)));
    const step = spec.create(this.#environment(spec.name, time, scope));
    const node = { kind: spec.kind, ...placed(index, spec, scope), step };
    this.#enter(node, scope);
    this.#follow(node, ports, { ...scope, isUnchanged: false });
    return node;
  }

  #collector(index: number, spec: OfKind<'collector'>, ports: Ports, scope: Scope): CollectorNode {
    const alarm = new Alarm(read(domainOf(scope)));
    const collector = spec.create(this.#environment(spec.name, alarm, scope));
    alarm.collector = collector;
    alarm.domain.alarms.push(alarm);
    const regions: (Region | undefined)[] = [];
    const count = Math.max(spec.ports.length, ports.length);
    const node = { kind: spec.kind, ...placed(index, spec, scope), collector, alarm, ports: count, regions };
    this.#enter(node, scope);
    scope.region.collectors.push(node);
    for (const [port, trees] of ports.entries()) {
      regions.push(trees.length === 0 ? undefined : this.#port(node, port, trees));
    }
    node.last = this.#count - 1;
    return node;
  }

  #port(from: CollectorNode, port: number, trees: readonly SegmentTree[]): Region {
    const { alarm, collector, index } = from;
    const inherits = port === 0 && collector.timeOf !== undefined;
    if (!inherits) return this.#region(trees, { index, timeOf: undefined }, this.#wallDomain());
    const domain = new Domain(alarm.kind, alarm.domain);
    const region = this.#region(trees, { index, timeOf: (output) => timeOf(collector, output) }, domain);
    if (domain.isRead) {
      alarm.follower = domain;
      alarm.domain.isFollowed = true;
    }
    return region;
  }

  #enter(node: OperatorNode, scope: Scope): void {
    this.#operators[node.index] = node;
    scope.region.operators.push(node);
  }

  #follow(node: { next: PlanNode[]; last: number }, ports: Ports, scope: Scope): void {
    for (const tree of ports[0] ?? []) node.next.push(this.#node(tree, scope));
    node.last = this.#count - 1;
  }

  #environment(name: string, time: TimeDomain, scope: Scope): OperatorEnvironment {
    const { flow, clock, random, generateCode } = this.#options;
    return { flow, name, clock, random, time, generateCode, isKeyed: scope.key !== undefined };
  }
}

type Ports = readonly (readonly SegmentTree[])[];

function placed(index: number, spec: OperatorSpec, scope: Scope): Placed & { last: number; next: PlanNode[] } {
  return { index, name: spec.name, last: index, key: scope.key, time: scope.time, next: [] };
}

function domainOf(scope: Scope): Domain {
  return scope.time === undefined ? scope.region.domain : scope.time.domain;
}

function read(domain: Domain): Domain {
  domain.isRead = true;
  return domain;
}

function timeOf(collector: Collector, output: unknown): number {
  return collector.timeOf === undefined ? Number.NaN : collector.timeOf(output);
}

/** Leaves that several places of the segment flow into. */
function sharedLeaves(trees: readonly SegmentTree[]): ReadonlySet<number> {
  const seen = new Set<number>();
  const shared = new Set<number>();
  const visit = (tree: SegmentTree): void => {
    if ('leaf' in tree) {
      if (seen.has(tree.leaf)) shared.add(tree.leaf);
      seen.add(tree.leaf);
    } else for (const port of tree.ports) port.forEach(visit);
  };
  trees.forEach(visit);
  return shared;
}

/** Whether `value` can be a key: what a Map compares by content. */
export function isKey(value: unknown): value is Key {
  return typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value));
}

export function badKey(value: unknown): TypeError {
  return new TypeError(`a key must be a string or a number that is not NaN, received ${kindOf(value)}`);
}

export function badTime(value: unknown): TypeError {
  return new TypeError(`an event time must be a finite number of epoch milliseconds, received ${kindOf(value)}`);
}

/** Anything else would give a TypeError that speaks of our own variables. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return value !== null && value !== undefined && typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function';
}

export function badItems(value: unknown): TypeError {
  return new TypeError(`flatMap must give an array or another iterable, received ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'number' || value === undefined ? String(value) : `a value of type ${typeof value}`;
}
