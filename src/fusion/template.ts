/** Pieces of text that more than one part of a loop is made of. */

import type { OperatorNode, TimeNode } from './plan.ts';

/** Text of a collector with its names made unique, or replaced: all that it may hold besides are our own words. */
export function filled(text: string, node: OperatorNode, names: Readonly<Record<string, string>> = {}): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => names[name] ?? `c${node.index}${name}`);
}

export function keyCheck({ index: n }: OperatorNode): string {
  return `if (typeof k${n} !== 'string' && (typeof k${n} !== 'number' || k${n} !== k${n})) throw badKey(k${n});`;
}

/** Notes the time of an event, and the watermark that follows from it. */
export function timeNoted(n: number): string[] {
  return [`if (t${n} > m${n}) {`, `m${n} = t${n};`, ...watermarkRaised(n), '}'];
}

/** The watermark of the times so far. */
export function watermarkRaised(n: number): string[] {
  return [
    `w${n} = (m${n} < x${n} ? m${n} : x${n}) - lag${n};`,
    `if (w${n} > d${n}.watermark) d${n}.watermark = w${n};`,
  ];
}

/** Wakes who is due, or those that want to see each step. @param after - text for what they may have changed */
export function settled({ index: n, domain }: TimeNode, after: readonly string[] = []): string[] {
  const due = domain.isFollowed ? '' : `if (d${n}.next <= d${n}.watermark) `;
  return [`${due}{`, `settle(d${n});`, ...after, '}'];
}
