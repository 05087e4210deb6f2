/**
 * The text of a region's loop: templates and integers, nothing else.
 *
 * Names in the text, N being an operator's index or a leaf's number:
 *   fN function, sN step or collector, vN value after N, kN key, hN its id as the decoder gave it, tN event time, nN dropped or, of a flatMap, given,
 *   qN ms spent, dN domain, mN partition maximum, xN least of the other maxima, wN watermark, oN output array.
 * `at` says which operator runs. At the end of each round it is 0 whatever came before, and key, id and time are as they were
 * at the beginning, so that the compiled loop knows them at each place and keeps them nowhere: 6 % of the loop of two
 * operators. `| 0` tells it that the bounds are integers.
 */

import type { InlinePush } from '../operator/operator.ts';
import { drops } from './ledger.ts';
import { isStateful, readsOwnTime } from './loop.ts';
import type { CollectorNode, FunctionNode, OperatorNode, PlanNode, Region, StepNode, TimeNode } from './plan.ts';
import { SteadyLoop } from './steady-loop.ts';
import { filled, keyCheck, settled, timeNoted } from './template.ts';

/** The text for a region.*/
export function sourceOf(region: Region, isTimed: boolean, names: readonly string[]): string {
  return new LoopWriter(region, isTimed).write(names);
}

class LoopWriter {
  readonly #region: Region;
  readonly #isTimed: boolean;
  /** Operators whose key, or whose time, a step or collector reads. */
  readonly #read: ReadonlySet<OperatorNode>;
  readonly #hasOwnTime: boolean;
  readonly #passThrough: readonly number[];
  /** An operator that need not count what it drops: it is what neither failed, nor was dropped elsewhere, nor arrived. */
  readonly #implied: OperatorNode | undefined;
  readonly #steady: SteadyLoop | undefined;

  constructor(region: Region, isTimed: boolean) {
    this.#region = region;
    this.#isTimed = isTimed;
    const readers = region.operators.filter(isStateful);
    this.#read = new Set(readers.flatMap(({ key, time }) => [key, time]).filter((node) => node !== undefined));
    this.#hasOwnTime = region.parent?.timeOf !== undefined && readsOwnTime(region);
    this.#passThrough = region.leaves.filter((leaf) => leaf.isPassThrough).map((leaf) => leaf.leaf);
    const end = this.#endOfChain();
    this.#implied = end === undefined ? undefined : region.operators.findLast(drops);
    this.#steady = SteadyLoop.of(region, end);
  }

  write(names: readonly string[]): string {
    return [
      '"use strict";',
      `const { ${names.join(', ')} } = refs;`,
      'return function segment(events, start, end, keys) {',
      ...this.#declarations(),
      ...this.#loop(),
      ...this.#epilogue(),
      '};',
    ].join('\n');
  }

  /** None where events only pass: from a source to a sink there is nothing to do for each. */
  #loop(): string[] {
    const ownTime = this.#hasOwnTime ? [`at = ${this.#region.parent?.index ?? 0};`, 'own = timeOf(v);'] : [];
    const body = [...ownTime, ...this.#branches(this.#region.roots, 'v')];
    if (body.length === 0) return [];
    return [
      'let i = start | 0, at = 0;',
      'const to = end | 0;',
      'for (;;) {',
      ...this.#forgotten(),
      ...(this.#steady?.entrance() ?? []),
      'try {',
      'for (; i < to; i++) {',
      'const v = events[i];',
      ...body,
      ...this.#forgotten(),
      '}',
      ...this.#writtenBack(),
      ...(this.#steady?.left() ?? []),
      'break;',
      '} catch (error) {',
      ...this.#writtenBack(),
      ...this.#recovery(),
      '}',
      '}',
    ];
  }

  /** Between two events. */
  #forgotten(): string[] {
    const ofEvent = this.#region.operators.flatMap((node) => {
      const n = node.index;
      if (node.kind === 'eventTime') return [`t${n} = 0;`];
      return node.kind === 'keyBy' ? [`k${n} = undefined;`, ...(this.#hasIds(node) ? [`h${n} = -1;`] : [])] : [];
    });
    return ['at = 0;', ...ofEvent];
  }

  #writtenBack(): string[] {
    return this.#steady?.writtenBack() ?? [];
  }

  #declarations(): string[] {
    const lines: string[] = [];
    if (this.#hasOwnTime) lines.push('let own = 0;');
    if (this.#passThrough.length > 0) lines.push('const lost = [];');
    const pushed = new Set(this.#region.leaves.filter((leaf) => !leaf.isPassThrough).map((leaf) => leaf.leaf));
    for (const leaf of pushed) lines.push(`const o${leaf} = outputs.open(${leaf});`);
    if (readsOwnTime(this.#region) && !this.#hasOwnTime) lines.push('const wall = moment.wallMs;');
    if (this.#isTimed) lines.push('const clockMs = moment.clockMs;', 'let q = 0;');
    for (const node of this.#region.operators) lines.push(...this.#declaration(node));
    return lines;
  }

  #declaration(node: OperatorNode): string[] {
    const n = node.index;
    const lines: string[] = [];
    if (node === this.#implied) lines.push('let failures = 0;');
    else if (drops(node) || node.kind === 'flatMap') lines.push(`let n${n} = 0;`);
    if (this.#isTimed) lines.push(`let q${n} = 0;`);
    const inline = this.#inline(node);
    if (inline !== undefined) lines.push(filled('let $count = 0;', node));
    if (inline !== undefined && this.#steady === undefined) lines.push(filled(inline.open, node));
    if (node.kind === 'keyBy') lines.push(`let k${n};`);
    if (node.kind === 'keyBy' && this.#hasIds(node)) {
      const ids = `ids${n} = keys !== undefined && keys.field === field${n} ? keys.ids : undefined`;
      lines.push(`let h${n} = -1;`, `const ${ids}, values${n} = ids${n} && keys.values;`);
    }
    if (node.kind === 'eventTime') lines.push(`let t${n} = 0;`);
    if (node.kind === 'eventTime' && node.domain.isRead) lines.push(`let m${n} = p${n}.current, w${n} = 0;`);
    if (node.kind === 'eventTime' && node.domain.isRead) lines.push(`const x${n} = p${n}.others;`);
    return lines;
  }

  #branches(nodes: readonly PlanNode[], value: string): string[] {
    return nodes.flatMap((node) => this.#node(node, value));
  }

  #node(node: PlanNode, value: string): string[] {
    switch (node.kind) {
      case 'leaf':
        return node.isPassThrough ? [] : [`o${node.leaf}.push(${value});`];
      case 'map':
        return [...this.#call(node, `const v${node.index} =`, value), ...this.#branches(node.next, `v${node.index}`)];
      case 'tap':
        return [...this.#call(node, '', value), ...this.#branches(node.next, value)];
      case 'filter':
        return this.#filter(node, value);
      case 'flatMap':
        return this.#flatMap(node, value);
      case 'keyBy':
        return this.#keyBy(node, value);
      case 'eventTime':
        return this.#eventTime(node, value);
      case 'step':
        return this.#step(node, value);
      case 'collector':
        return this.#collector(node, value);
    }
  }

  #filter(node: FunctionNode, value: string): string[] {
    const n = node.index;
    const test = this.#isTimed ? `v${n}` : `f${n}(${value})`;
    const before = this.#isTimed ? this.#call(node, `const v${n} =`, value) : [`at = ${n};`];
    return [...before, `if (${test}) {`, ...this.#branches(node.next, value), `}${this.#countDrop(node)}`];
  }

  #flatMap(node: FunctionNode, value: string): string[] {
    const n = node.index;
    return [
      ...this.#call(node, `const a${n} =`, value),
      `if (a${n} === null || a${n} === undefined || typeof a${n}[Symbol.iterator] !== 'function') throw badItems(a${n});`,
      `for (const v${n} of a${n}) {`,
      `n${n}++;`,
      ...this.#branches(node.next, `v${n}`),
      `at = ${n};`,
      '}',
    ];
  }

  #keyBy(node: FunctionNode, value: string): string[] {
    const k = `k${node.index}`;
    return [
      ...this.#readKey(node, k, value),
      ...(this.#steady?.unchecked === node ? [] : [keyCheck(node)]),
      ...this.#keyId(node),
      ...this.#branches(node.next, value),
    ];
  }

  /** `keyBy('field')` is read here: the text of its function serves all flows and has seen every shape (6 ns more). */
  #readKey(node: FunctionNode, k: string, value: string): string[] {
    if (node.reads === undefined) return this.#call(node, `${k} =`, value);
    return this.#timed(node, `${k} = ${value}[reads${node.index}];`);
  }

  #keyId(node: FunctionNode): string[] {
    const n = node.index;
    return this.#hasIds(node) ? [`if (ids${n} !== undefined) h${n} = ids${n}[i];`] : [];
  }

  /** An id counts only when its value is the key: two strings to compare, so text that can do without does. */
  #keyNames({ key }: StepNode | CollectorNode): Record<'key' | 'hint' | 'keyId', string> {
    const name = key === undefined ? 'undefined' : `k${key.index}`;
    if (key === undefined || !this.#hasIds(key)) return { key: name, hint: '-1', keyId: '-1' };
    const hint = `h${key.index}`;
    return { key: name, hint, keyId: `(${hint} >= 0 && values${key.index}[${hint}] === ${name} ? ${hint} : -1)` };
  }

  #eventTime(node: TimeNode, value: string): string[] {
    const t = `t${node.index}`;
    return [
      ...this.#call(node, `${t} =`, value),
      `if (typeof ${t} !== 'number' || ${t} - ${t} !== 0) throw badTime(${t});`,
      ...this.#branches(node.next, value),
      ...(this.#steady?.time === node ? this.#steady.advanced(node) : this.#advance(node)),
    ];
  }

  /** After the event has gone through, so that its lateness was judged by the watermark before it. */
  #advance(node: TimeNode): string[] {
    if (!node.domain.isRead) return [];
    const n = node.index;
    return [...timeNoted(n), ...settled(node, this.#reload())];
  }

  /** After what may have called a collector from outside its text. */
  #reload(): string[] {
    if (this.#steady !== undefined) return []; // reads it all when it is entered anew
    return this.#region.operators.flatMap((node) => {
      const inline = this.#inline(node);
      return inline === undefined ? [] : [filled(inline.reload, node)];
    });
  }

  #step(node: StepNode, value: string): string[] {
    const n = node.index;
    return [
      ...this.#timed(node, `const v${n} = s${n}.push(${this.#pushed(node, value)});`),
      `if (v${n} !== NOTHING) {`,
      ...this.#branches(node.next, `v${n}`),
      `}${this.#countDrop(node)}`,
    ];
  }

  #countDrop(node: OperatorNode): string {
    return node === this.#implied ? '' : ` else n${node.index}++;`;
  }

  #collector(node: CollectorNode, value: string): string[] {
    const inline = this.#inline(node);
    if (inline === undefined) return this.#timed(node, `s${node.index}.push(${this.#pushed(node, value)});`);
    const time = this.#timeOf(node);
    const text = [inline.read, time === 'wall' ? '' : inline.time, '$count++;', inline.update].join('\n');
    const names = { event: value, time, ...this.#keyNames(node) };
    if (this.#steady === undefined) return [`at = ${node.index};`, '{', filled(text, node, names), '}'];
    return this.#steady.collected(`${inline.open}\n${text}`, names);
  }

  #closing(node: OperatorNode, { time, close }: InlinePush): string[] {
    const isSameForAll = time !== '' && node.kind === 'collector' && this.#timeOf(node) === 'wall';
    const noted = isSameForAll ? [filled(`if ($count > 0) {\n${time}\n}`, node, { time: 'wall' })] : [];
    return [...noted, filled(close, node)];
  }

  /** The timed loop calls the collector itself: it times calls. */
  #inline(node: OperatorNode): InlinePush | undefined {
    return node.kind === 'collector' && !this.#isTimed ? node.collector.inline : undefined;
  }

  /** The collector that counts what arrives at the end of a region that is one chain. */
  #endOfChain(): CollectorNode | undefined {
    const { operators, roots } = this.#region;
    const isChain = roots.length === 1 && operators.every(({ kind, next }) => kind !== 'flatMap' && next.length <= 1);
    const last = operators.at(-1);
    return isChain && last?.kind === 'collector' && this.#inline(last) !== undefined ? last : undefined;
  }

  /** What is left for `#implied`. */
  #rest(): string {
    const others = this.#region.operators.filter((node) => drops(node) && node !== this.#implied);
    const arrived = `c${this.#endOfChain()?.index ?? 0}count`;
    return ['end - start - failures', ...others.map(({ index }) => `n${index}`), arrived].join(' - ');
  }

  #timeOf(node: StepNode | CollectorNode): string {
    const ownTime = this.#hasOwnTime ? 'own' : 'wall';
    return node.time === undefined ? ownTime : `t${node.time.index}`;
  }

  #pushed(node: StepNode | CollectorNode, value: string): string {
    const { key, keyId } = this.#keyNames(node);
    return `${value}, ${key}, ${keyId}, ${this.#timeOf(node)}`;
  }

  #call(node: FunctionNode | TimeNode, assign: string, value: string): string[] {
    return this.#timed(node, `${assign} f${node.index}(${value});`);
  }

  /** A clock read on both sides of a call into user code, in the timed version only. */
  #timed(node: OperatorNode, call: string): string[] {
    const n = node.index;
    if (!this.#isTimed) return [`at = ${n};`, call];
    return [`at = ${n};`, 'q = clock.now();', call, `q${n} += clock.now() - q - clockMs;`];
  }

  #hasIds(node: FunctionNode): boolean {
    return node.field !== undefined && this.#read.has(node);
  }

  /** The walk that threw ends here: watermarks advance all the same, innermost first. */
  #recovery(): string[] {
    const lines = this.#region.times.toReversed().flatMap((node) => {
      const advance = this.#advance(node);
      return advance.length === 0 ? [] : [`if (${below(node)}) {`, ...advance, '}'];
    });
    const keys = this.#region.operators.filter((node) => node.kind === 'keyBy').reverse();
    const key = keys.map((node) => `${below(node)} ? k${node.index} : `).join('');
    lines.push(`failed(region, at, events[i], ${key}undefined, error);`);
    if (this.#passThrough.length > 0) lines.push('lost.push(i, at);');
    if (this.#implied !== undefined) lines.push('failures++;');
    lines.push(...this.#reload(), 'i++;');
    return lines;
  }

  #epilogue(): string[] {
    const lines: string[] = [];
    for (const node of this.#region.operators) {
      const n = node.index;
      const inline = this.#inline(node);
      if (inline !== undefined) lines.push(...this.#closing(node, inline));
      if (drops(node)) lines.push(`dropped[${n}] += ${node === this.#implied ? this.#rest() : `n${n}`};`);
      if (node.kind === 'flatMap') lines.push(`passed[${n}] += n${n};`);
      if (this.#isTimed) lines.push(`timeMs[${n}] += q${n};`);
      if (node.kind === 'eventTime' && node.domain.isRead) lines.push(`p${n}.current = m${n};`);
    }
    for (const leaf of this.#region.leaves) {
      if (!leaf.isPassThrough) continue;
      lines.push(`outputs.give(${leaf.leaf}, events, start, end, skippedBefore(lost, ${leaf.before}));`);
    }
    return lines;
  }
}

function below(node: OperatorNode): string {
  return `at > ${node.index} && at <= ${node.last}`;
}
