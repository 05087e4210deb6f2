/** Pieces of text that more than one part of a loop is made of. */

import type { OperatorNode } from './plan.ts';

/** Text of a collector with its names made unique, or replaced: all that it may hold besides are our own words. */
export function filled(text: string, node: OperatorNode, names: Readonly<Record<string, string>> = {}): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => names[name] ?? `c${node.index}${name}`);
}

export function keyCheck({ index: n }: OperatorNode): string {
  return `if (typeof k${n} !== 'string' && (typeof k${n} !== 'number' || k${n} !== k${n})) throw badKey(k${n});`;
}

/** Notes the time of an event; the watermark that follows from it goes into `watermark`. */
export function timeNoted(n: number, watermark: string): string[] {
  return [
    `if (t${n} > m${n}) {`,
    `m${n} = t${n};`,
    `w${n} = (m${n} < x${n} ? m${n} : x${n}) - lag${n};`,
    `if (w${n} > ${watermark}) ${watermark} = w${n};`,
    '}',
  ];
}
