/**
 * The loop of a chain of plain functions that ends in a collector with a `SteadyPush`.
 *
 * Its body calls nothing but user functions: the state of the collector and the watermark are constants and locals of one
 * pass through the loop. Whatever may change them (a row that is new, a pane that opens, a window that is due) leaves the
 * loop and enters it anew, so V8 need not look at them again for each event. Dense keys 22 to 16 ns (bench:engine, iii).
 *
 * Names in the text, beside those of loop-text.ts: u watermark, z when somebody wants to be woken.
 *
 * Invariants (equivalence.test.ts, inline-push.test.ts)
 * - The watermark is written back before anybody else can look at it.
 * - An event that leaves the loop has been dealt with, but for what its time makes due.
 */

import type { SteadyPush } from '../operator/operator.ts';
import type { CollectorNode, OperatorNode, Region, TimeNode } from './plan.ts';
import { filled, keyCheck, timeNoted } from './template.ts';

export class SteadyLoop {
  /** The operator whose watermark the loop keeps to itself. */
  readonly time: TimeNode | undefined;
  /** A key that is compared with the collector's own at once: what equals one of those needs no check. */
  readonly unchecked: OperatorNode | undefined;
  readonly #node: CollectorNode;
  readonly #push: SteadyPush;

  private constructor({ operators }: Region, node: CollectorNode, push: SteadyPush) {
    const { time, key } = node;
    this.time = time;
    this.unchecked = key !== undefined && key === operators.at(-2) ? key : undefined;
    this.#node = node;
    this.#push = push;
  }

  /** Undefined where others look at the watermark, or there is nothing to gain. @param end - of the chain that the region is */
  static of(region: Region, end: CollectorNode | undefined): SteadyLoop | undefined {
    const push = end?.collector.inline?.steady;
    if (end === undefined || push === undefined) return undefined;
    const isPlain = region.operators.every(({ kind }) => kind !== 'step');
    return isPlain && end.time?.domain.isFollowed !== true ? new SteadyLoop(region, end, push) : undefined;
  }

  /** Each time the loop is entered. */
  entrance(): string[] {
    const n = this.time?.index;
    const watermark = n === undefined ? [] : [`let u = d${n}.watermark;`, `const z = d${n}.next;`];
    return [...watermark, filled(this.#push.open, this.#node)];
  }

  writtenBack(): string[] {
    const n = this.time?.index;
    return n === undefined ? [] : [`if (u > d${n}.watermark) d${n}.watermark = u;`];
  }

  /** The collector, for one event. @param push - text of the usual push, for the others */
  collected(push: string, names: Readonly<Record<string, string>>): string[] {
    const { find, isUsual, update } = this.#push;
    const begin = `at = ${this.#node.index};`;
    const check = this.unchecked === undefined ? [] : [`at = ${this.unchecked.index};`, keyCheck(this.unchecked)];
    return [
      begin,
      filled(`${find}\nif (${isUsual}) {\n${update}\n$count++;\n} else {`, this.#node, names),
      ...check,
      begin,
      ...this.writtenBack(),
      filled(push, this.#node, names),
      ...(this.time === undefined ? [] : timeNoted(this.time.index, 'u')),
      'break;',
      '}',
    ];
  }

  /** The time of an event that has gone through. */
  advanced({ index: n }: TimeNode): string[] {
    return [...timeNoted(n, 'u'), 'if (z <= u) break;'];
  }

  /** After the loop, for the event that has left it. One place for all that may be due, so that V8 has seen it before. */
  left(): string[] {
    const n = this.time?.index;
    const due = n === undefined ? [] : [`if (d${n}.next <= d${n}.watermark) settle(d${n});`];
    return ['if (i < end) {', ...due, 'i++;', 'continue;', '}'];
  }
}
