/** Whether the reference engine, asked here, gives the answers that are stored: a check of what asks it. */

import type { Case, Expected } from '../cases.ts';
import { linesOf } from '../replay.ts';
import { askReference } from './reference.ts';

export function repeated(stored: readonly Case[]): { readonly isRepeated: boolean; readonly lines: readonly string[] } {
  const { cases } = askReference(stored);
  const answers = new Map(cases.map(({ id, expect }) => [id, expect]));
  const others = stored.filter(({ id, expect }) => shown(answers.get(id), expect) !== shown(expect, expect));
  return {
    isRepeated: others.length === 0,
    lines: [
      ...others.map(({ id }) => `the reference answers otherwise than is stored: ${id}`),
      `${stored.length - others.length} of ${stored.length} stored answers repeated by the reference`,
    ],
  };
}

/** Timeouts count only where they are stored. */
function shown(answer: Expected | undefined, stored: Expected): string {
  if (answer === undefined) return 'no answer';
  const { matches, timeouts, error } = linesOf(answer);
  return JSON.stringify([matches, 'timeouts' in stored ? timeouts : [], error]);
}
