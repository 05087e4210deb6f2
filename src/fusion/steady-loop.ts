/**
 * The loop of a chain of plain functions that ends in a collector with a `SteadyPush`.
 *
 * Its body calls nothing but user functions: the state of the collector is constants of one pass through the loop, and the
 * watermark is not kept at all, since it follows from the largest time. Whatever may change the state (a row that is new, a
 * pane that opens, a window that is due) leaves the loop, which is then entered anew, so V8 need not look at it again for
 * each event. Dense keys 22 to 16 ns (bench:engine, iii); without the watermark 5 % less, without dense keys 12 %.
 * What is not usual is dealt with before the loop is left: an event that is kept beyond it is one that V8 has to make (fresh
 * objects, 15 to 22 ns).
 *
 * Names in the text, beside those of loop-text.ts: z watermark at which somebody is due, b largest time as the loop was entered.
 *
 * Invariants (equivalence.test.ts, inline-push.test.ts)
 * - The watermark is written before anybody else can look at it.
 * - An event that leaves the loop has been dealt with, but for what its time makes due.
 */

import type { SteadyPush } from '../operator/operator.ts';
import type { CollectorNode, OperatorNode, Region, TimeNode } from './plan.ts';
import { filled, keyCheck, settled, timeNoted, watermarkRaised } from './template.ts';

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

  /**
   * Each time the loop is entered. The watermark is the largest time less the lag, but never more than the other partitions
   * allow: if they do not allow z, it does not come. `+ 0`: otherwise z would be an object that holds a number.
   */
  entrance(): string[] {
    const time = this.#ofTime((n) => {
      const z = `d${n}.next <= d${n}.watermark ? -Infinity : x${n} - lag${n} < d${n}.next ? Infinity : d${n}.next`;
      return [`const b${n} = m${n}, z${n} = (${z}) + 0;`];
    });
    return [...time, filled(this.#push.open, this.#node)];
  }

  /** What the times of the events since the entrance make of the watermark. */
  writtenBack(): string[] {
    return this.#ofTime((n) => [`if (m${n} > b${n}) {`, ...watermarkRaised(n), '}']);
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
      ...this.#ofTime(timeNoted),
      'break;',
      '}',
    ];
  }

  /** The time of an event that has gone through. */
  advanced({ index: n }: TimeNode): string[] {
    return [`if (t${n} > m${n}) m${n} = t${n};`, `if (m${n} - lag${n} >= z${n}) break;`];
  }

  /** After the loop, for the event that has left it. One place for all that may be due, so that V8 has seen it before. */
  left(): string[] {
    return ['if (i < to) {', ...(this.time === undefined ? [] : settled(this.time)), 'i++;', 'continue;', '}'];
  }

  #ofTime(text: (n: number) => string[]): string[] {
    return this.time === undefined ? [] : text(this.time.index);
  }
}
