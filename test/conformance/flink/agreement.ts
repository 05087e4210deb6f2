/** How far our answers are those of the reference engine, and the smallest cases in which they are not. */

import { patternFromJson } from '../../../src/pattern/json.ts';
import type { Case } from '../cases.ts';
import { differenceIn } from '../replay.ts';
import type { Question } from './random-case.ts';
import { askReference } from './reference.ts';
import { sizeOf, smallerThan } from './shrink.ts';

export interface Difference {
  readonly answered: Case;
  /** What is missing or too much, in lines. */
  readonly text: string;
}

export interface Agreement {
  readonly answered: number;
  readonly matches: number;
  readonly differences: readonly Difference[];
  /** How often the reference refused, failed or did not return, by reason. */
  readonly unanswered: ReadonlyMap<string, number>;
}

export function agreementOn(questions: readonly Omit<Case, 'expect'>[]): Agreement {
  const { cases, unanswered } = askReference(questions);
  const reasons = new Map<string, number>();
  for (const { reason } of unanswered) {
    const kind = reason.replaceAll(/\bn?s\d+\b/g, 'STEP').slice(0, 120);
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1);
  }
  return {
    answered: cases.length,
    matches: cases.reduce((sum, { expect }) => sum + ('matches' in expect ? expect.matches.length : 0), 0),
    differences: cases.flatMap((answered) => differencesIn(answered)),
    unanswered: reasons,
  };
}

function differencesIn(answered: Case): Difference[] {
  const text = textOf(answered);
  return text === undefined ? [] : [{ answered, text }];
}

function textOf(answered: Case): string | undefined {
  try {
    return differenceIn(answered);
  } catch (error) {
    return `  ${String(error)}`;
  }
}

/** Each difference in the smallest case that still shows one: one part less at a time, as long as that is possible. */
export function minimised(questions: readonly Question[]): Difference[] {
  const smallest = questions.map((question) => ({ question, difference: undefined as Difference | undefined }));
  for (let open = smallest; open.length > 0;) {
    const tries = open.flatMap(({ question }, index) =>
      smallerThan(question)
        .filter((one) => sizeOf(one) < sizeOf(question) && isPattern(one))
        .map((one, number) => ({ ...one, id: `${question.id}/${index}/${number}` })),
    );
    const byId = new Map(tries.map((one) => [one.id, one]));
    const next = new Map<number, Difference>();
    for (const difference of agreementOn(tries).differences) {
      const index = Number(difference.answered.id.split('/').at(-2));
      const known = next.get(index);
      const isSmaller = known === undefined || sizeOf(asked(byId, difference)) < sizeOf(asked(byId, known));
      if (isSmaller) next.set(index, difference);
    }
    open = open.filter((one, index) => {
      const difference = next.get(index);
      if (difference === undefined) return false;
      one.question = { ...asked(byId, difference), id: one.question.id };
      one.difference = { ...difference, answered: { ...difference.answered, id: one.question.id } };
      return true;
    });
  }
  return smallest.flatMap(({ difference }) => (difference === undefined ? [] : [difference]));
}

/** One that is none, as where a condition names a step that is not there any more, would differ for that. */
function isPattern({ pattern }: Question): boolean {
  try {
    patternFromJson(pattern);
    return true;
  } catch {
    return false;
  }
}

function asked(questions: ReadonlyMap<string, Question>, { answered }: Difference): Question {
  const question = questions.get(answered.id);
  if (question === undefined) throw new Error(`nobody asked ${answered.id}`);
  return question;
}
