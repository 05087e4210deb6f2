/**
 * What a segment counts, and how in and out of every operator follow from it.
 *
 * A loop counts only where the number of events changes: what a filter or step dropped, what a flatMap gave. An event
 * is dropped once at most, so a long chain counts no more than a short one (bench/micro/fusion.ts, ten operators). All
 * else is derived, since each failure ends exactly one walk down the tree: what a map gives is what it got, less
 * its failures; what the second branch of a fork gets is what the first got, less all failures below the first.
 */

import type { OperatorNode, Plan, PlanNode, Region } from './plan.ts';

export interface OperatorCounters {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  /** Share of this segment's time spent in this operator, 0..1, from the timed batches; undefined before the first. */
  readonly timeShare: number | undefined;
  /** For example `{ late: 12 }`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** How much of the earlier timed batches is kept with each new one, so that shares follow the load. */
const TIME_MEMORY = 0.95;

export class Ledger {
  /** Per filter and step: events that went no further. */
  readonly dropped: Float64Array;
  /** Per flatMap and collector: outputs. */
  readonly passed: Float64Array;
  /** Per operator: walks that ended here by an error. */
  readonly failed: Float64Array;
  /** Per operator: ms spent in it during timed batches, decaying. */
  readonly timeMs: Float64Array;
  /** Per region: events that entered. */
  readonly entered: Float64Array;
  /** Per region: events whose time the collector before could not tell. */
  readonly refused: Float64Array;
  readonly #plan: Plan;

  constructor(plan: Plan) {
    const operators = plan.operators.length;
    this.dropped = new Float64Array(operators);
    this.passed = new Float64Array(operators);
    this.failed = new Float64Array(operators);
    this.timeMs = new Float64Array(operators);
    this.entered = new Float64Array(plan.regions.length);
    this.refused = new Float64Array(plan.regions.length);
    this.#plan = plan;
  }

  fail(region: Region, index: number): void {
    const cell = index === region.parent?.index ? this.refused : this.failed;
    const place = cell === this.refused ? region.id : index;
    cell[place] = (cell[place] ?? 0) + 1;
  }

  /** Before a timed batch. */
  fadeTimes(): void {
    for (let i = 0; i < this.timeMs.length; i++) this.timeMs[i] = (this.timeMs[i] ?? 0) * TIME_MEMORY;
  }

  read(): readonly OperatorCounters[] {
    const flows: Flow[] = [];
    for (const region of this.#plan.regions) {
      this.#branches(region.roots, at(this.entered, region.id) - at(this.refused, region.id), flows);
    }
    const totalMs = this.timeMs.reduce((sum, ms) => sum + Math.max(0, ms), 0);
    return this.#plan.operators.map((node) => ({
      name: node.name,
      ...(flows[node.index] ?? { in: 0, out: 0 }),
      timeShare: totalMs === 0 ? undefined : Math.max(0, at(this.timeMs, node.index)) / totalMs,
      counts: countsOf(node),
    }));
  }

  /** @returns the failures below */
  #branches(nodes: readonly PlanNode[], given: number, flows: Flow[]): number {
    let failures = 0;
    for (const node of nodes) {
      if (node.kind !== 'leaf') failures += this.#operator(node, given - failures, flows);
    }
    return failures;
  }

  #operator(node: OperatorNode, received: number, flows: Flow[]): number {
    const failures = at(this.failed, node.index);
    const isSource = node.kind === 'flatMap' || node.kind === 'collector';
    const out = isSource ? at(this.passed, node.index) : received - failures - at(this.dropped, node.index);
    flows[node.index] = { in: received, out };
    return failures + this.#branches(node.next, out, flows);
  }
}

interface Flow {
  readonly in: number;
  readonly out: number;
}

/** Whether a loop counts what an operator drops. */
export function drops(node: OperatorNode): boolean {
  return node.kind === 'filter' || node.kind === 'step';
}

function countsOf(node: OperatorNode): Readonly<Record<string, number>> {
  if (node.kind === 'collector') return node.collector.counts();
  return (node.kind === 'step' ? node.step.counts?.() : undefined) ?? {};
}

function at(cells: Float64Array, index: number): number {
  return cells[index] ?? 0;
}
