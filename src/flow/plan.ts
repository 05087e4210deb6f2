/**
 * From the graph that the user declared to what the runtime builds: sources, fused segments, waiting stages.
 *
 * Invariants (plan.test.ts)
 * - Every synchronous operator belongs to exactly one segment; edges exist only before waiting stages.
 * - Segments and stages come in topological order: what feeds comes before what is fed.
 */

import { ConfigError } from '../errors/errors.ts';
import type { SegmentTree } from '../fusion/segment-tree.ts';
import type { Graph, MergeNode, Node, OperatorNode, Port, SinkNode, SourceNode, StageNode } from './graph.ts';
import { declaredFields } from './validation.ts';

export type TargetRef = { readonly kind: 'segment' | 'stage'; readonly index: number };

export interface PlannedSource {
  readonly node: SourceNode;
  readonly segment: number;
  /** Fields to materialise; undefined = all. */
  readonly fields: readonly string[] | undefined;
  /** Field whose values the decoder numbers, because a keyBy reads one of that name. */
  readonly keyField: string | undefined;
}

export interface PlannedSegment {
  readonly name: string;
  readonly roots: readonly SegmentTree[];
  readonly leaves: readonly TargetRef[];
  readonly inputs: number;
}

export interface PlannedStage {
  readonly node: StageNode | SinkNode;
  /** The segment that takes an async operator's results; undefined for sinks. */
  readonly output: number | undefined;
  readonly inputs: number;
}

export interface Plan {
  readonly flow: string;
  readonly sources: readonly PlannedSource[];
  readonly segments: readonly PlannedSegment[];
  readonly stages: readonly PlannedStage[];
}

/** @throws ConfigError when the flow has no source or no sink, or a stream leads nowhere */
export function planFlow(graph: Graph): Plan {
  return new Planner(graph).plan();
}

type Head = SourceNode | StageNode | MergeNode;

class Planner {
  readonly #graph: Graph;
  readonly #consumers = new Map<Node, Map<number, Node[]>>();
  /** Nodes that start a segment, in the order of declaration, which is topological. */
  readonly #heads: Head[];
  readonly #stages: (StageNode | SinkNode)[];
  readonly #inputs = new Map<Node, number>();

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const node of graph.nodes) for (const { node: from, port } of inputsOf(node)) this.#connect(from, port, node);
    this.#heads = graph.nodes.filter((node): node is Head => node.kind !== 'operator' && node.kind !== 'sink');
    this.#stages = graph.nodes.filter((node) => node.kind === 'stage' || node.kind === 'sink');
  }

  plan(): Plan {
    this.#check();
    const segments = this.#heads.map((head) => this.#segment(head));
    const sources = this.#heads.filter((head) => head.kind === 'source').map((node) => this.#source(node));
    const stages = this.#stages.map((node) => ({
      node,
      output: node.kind === 'stage' ? this.#heads.indexOf(node) : undefined,
      inputs: this.#inputs.get(node) ?? 0,
    }));
    return { flow: this.#graph.flow, sources, segments: segments.map((s, i) => this.#withInputs(s, i)), stages };
  }

  #connect(from: Node, port: number, to: Node): void {
    const ports = this.#consumers.get(from) ?? new Map<number, Node[]>();
    ports.set(port, [...(ports.get(port) ?? []), to]);
    this.#consumers.set(from, ports);
  }

  #check(): void {
    const path = `flow.${this.#graph.flow}`;
    const kinds = new Set(this.#graph.nodes.map(({ kind }) => kind));
    if (!kinds.has('source')) throw new ConfigError(path, 'a source', 'none', 'Begin with .from(source).');
    for (const node of this.#graph.nodes) {
      if (node.kind !== 'sink' && this.#consumersOf(node, 0).length === 0) {
        throw new ConfigError(
          `${path}.${node.name}`,
          'a sink at the end',
          'a stream that leads nowhere',
          'End it with .to(sink).',
        );
      }
    }
  }

  #segment(head: Head): Omit<PlannedSegment, 'inputs'> {
    const leaves: TargetRef[] = [];
    const tree = (node: Node): SegmentTree => {
      if (node.kind === 'operator')
        return { operator: node.spec, ports: this.#ports(node).map((consumers) => consumers.map(tree)) };
      const target = this.#targetOf(node);
      this.#inputs.set(node, (this.#inputs.get(node) ?? 0) + 1);
      leaves.push(target);
      return { leaf: leaves.length - 1 };
    };
    const roots = this.#consumersOf(head, 0).map(tree);
    return { name: head.name, roots, leaves };
  }

  #withInputs(segment: Omit<PlannedSegment, 'inputs'>, index: number): PlannedSegment {
    const head = this.#heads[index] as Head;
    return { ...segment, inputs: head.kind === 'merge' ? (this.#inputs.get(head) ?? 0) : 1 };
  }

  #targetOf(node: Node): TargetRef {
    return node.kind === 'merge'
      ? { kind: 'segment', index: this.#heads.indexOf(node) }
      : { kind: 'stage', index: this.#stages.indexOf(node as StageNode | SinkNode) };
  }

  #ports(node: OperatorNode): Node[][] {
    const count = node.spec.kind === 'collector' ? node.spec.ports.length : 1;
    return Array.from({ length: count }, (_, port) => this.#consumersOf(node, port));
  }

  #consumersOf(node: Node, port: number): Node[] {
    return this.#consumers.get(node)?.get(port) ?? [];
  }

  #source(node: SourceNode): PlannedSource {
    const fields = node.fields ?? (node.schema === undefined ? undefined : declaredFields(node.schema));
    // A schema may return other objects than the decoder made; its ids are verified against the value, so they still serve.
    return { node, segment: this.#heads.indexOf(node), fields, keyField: this.#keyField(this.#consumersOf(node, 0)) };
  }

  /** The first field-keyBy that is reached through operators whose outputs may well have the field as it came. */
  #keyField(consumers: readonly Node[]): string | undefined {
    for (const node of consumers) {
      if (node.kind !== 'operator') continue;
      const { spec } = node;
      if (spec.kind === 'keyBy' && spec.field !== undefined) return spec.field;
      const passesOn = PASSING_KEYS.has(spec.kind);
      const found = passesOn ? this.#keyField(this.#consumersOf(node, 0)) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** A hint, verified per event (see `fieldRead`): a `map` that makes other keys costs their comparison. */
const PASSING_KEYS: ReadonlySet<string> = new Set(['map', 'flatMap', 'filter', 'tap', 'eventTime']);

function inputsOf(node: Node): readonly Port[] {
  switch (node.kind) {
    case 'source':
      return [];
    case 'merge':
      return node.inputs;
    case 'operator':
    case 'stage':
    case 'sink':
      return [node.input];
  }
}
