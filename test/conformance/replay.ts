/** Runs a case through a matcher and says what came of it, as labels. */

import type { Bindings, MatcherProgram, PredicateTable } from '../../src/pattern/matcher.ts';
import { SkipTargetError } from '../../src/pattern/model/error.ts';
import { patternFromJson } from '../../src/pattern/json.ts';
import type { PatternModel } from '../../src/pattern/model/pattern.ts';
import { runProgram } from '../../src/pattern/run/program.ts';
import type { Case, CaseBinding, CaseEvent, CaseInput, Expected } from './cases.ts';
import { PlainTable } from './plain-table.ts';

export type Compile<E> = (model: PatternModel<E>, table: PredicateTable<E>) => MatcherProgram<E>;

/** An event as it is fed: the same label twice is two of these. */
interface Fed extends CaseEvent {
  readonly label: string;
}

export interface Replayed {
  /** One line per match, `after name=labels ...`, sorted: the order inside one input is free. */
  readonly matches: readonly string[];
  readonly timeouts: readonly string[];
  readonly error?: string;
}

const byRunMatcher: Compile<Fed> = (model, table) => runProgram(model, table, 'test');

/** @returns undefined when the answer is as expected, else a description of the difference */
export function differenceIn(one: Case): string | undefined {
  const actual = replay(one, byRunMatcher);
  const expected = linesOf(one.expect);
  if (expected.error !== undefined) {
    return actual.error === expected.error ? undefined : `error ${String(actual.error)}, expected ${expected.error}`;
  }
  if (actual.error !== undefined) return `unexpected error ${actual.error}`;
  const wantsTimeouts = 'timeouts' in one.expect;
  const difference = [
    ...differences('match', actual.matches, expected.matches),
    ...(wantsTimeouts ? differences('timeout', actual.timeouts, expected.timeouts) : []),
  ];
  return difference.length === 0 ? undefined : difference.join('\n');
}

export function replay(one: Pick<Case, 'pattern' | 'events' | 'input'>, compile: Compile<Fed>): Replayed {
  const table = new PlainTable<Fed>();
  const matches: string[] = [];
  const timeouts: string[] = [];
  let after = 0;
  const output = {
    match: (bindings: Bindings<Fed>) => matches.push(lineOf(after, labelsOf(bindings))),
    timeout: (bindings: Bindings<Fed>, _start: number, at: number) =>
      timeouts.push(`at ${at} ${lineOf(after, labelsOf(bindings))}`),
    shed: () => undefined,
  };
  try {
    const partition = compile(patternFromJson<Fed>(one.pattern), table).partition();
    for (const [index, input] of one.input.entries()) {
      after = index;
      partition.advance(timeOf(input), output);
      if ('advanceTo' in input) continue;
      const event = fed(one, input.event);
      partition.process(event, input.ts, table.look(event), output);
    }
  } catch (error) {
    if (error instanceof SkipTargetError) return { matches: [], timeouts: [], error: error.reason };
    throw error;
  }
  return { matches: matches.sort(), timeouts: timeouts.sort() };
}

function fed({ events }: Pick<Case, 'events'>, label: string): Fed {
  const event = events[label];
  if (event === undefined) throw new Error(`no event ${label}`);
  return { ...event, label };
}

const timeOf = (input: CaseInput): number => ('advanceTo' in input ? input.advanceTo : input.ts);

function labelsOf(bindings: Bindings<Fed>): CaseBinding {
  return Object.fromEntries(Object.entries(bindings).map(([name, events]) => [name, events.map(({ label }) => label)]));
}

function lineOf(after: number, binding: CaseBinding): string {
  const steps = Object.entries(binding)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, labels]) => `${name}=${labels.join(',')}`);
  return `after ${after}: ${steps.join(' ')}`;
}

/** An answer in the form of a replay. */
export function linesOf(expected: Expected): Replayed {
  if ('error' in expected) return { matches: [], timeouts: [], error: expected.error };
  return {
    matches: expected.matches.map(({ after, bind }) => lineOf(after, bind)).sort(),
    timeouts: (expected.timeouts ?? []).map(({ after, at, bind }) => `at ${at} ${lineOf(after, bind)}`).sort(),
  };
}

function differences(what: string, actual: readonly string[], expected: readonly string[]): string[] {
  const surplus = without(actual, expected).map((line) => `  ${what} too many: ${line}`);
  return [...surplus, ...without(expected, actual).map((line) => `  ${what} missing: ${line}`)];
}

/** Multiset difference. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
