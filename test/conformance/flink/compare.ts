/** What `npm run test:flink` does: the reference engine repeats what is stored, and answers random patterns as we do. */

import { readCases, type Case } from '../cases.ts';
import { SUITES } from '../report.ts';
import { agreementOn, minimised, type Difference } from './agreement.ts';
import { randomQuestion } from './random-case.ts';
import { buildReference } from './reference.ts';
import { repeated } from './stored.ts';

export interface Comparison {
  /** Why nothing was compared. */
  readonly skipped?: string;
  readonly isSame: boolean;
  /** The smallest cases that differ, with the reference's answers. */
  readonly differing: readonly Case[];
}

/** Of the random patterns. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
}

interface Asked {
  readonly differences: readonly Difference[];
  readonly summary: string;
}

/** Asked at once: one Java process each. */
const BATCH = 2_000;
const MOST_MINIMISED = 20;

export function compareWithReference(seeds: Seeds, say: (line: string) => void): Comparison {
  const skipped = buildReference();
  if (skipped !== undefined) return { skipped, isSame: false, differing: [] };
  const stored = repeated(SUITES.flatMap((path) => readCases(path)));
  stored.lines.forEach(say);
  const { differences, summary } = askedAtRandom(seeds, say);
  const smallest = minimised(
    differences.slice(0, MOST_MINIMISED).map(({ answered }) => randomQuestion(seedOf(answered))),
  );
  for (const { answered, text } of smallest) {
    say(`${answered.id}: ${JSON.stringify(answered.pattern)}\n  ${JSON.stringify(answered.input)}\n${text}`);
  }
  say(summary);
  return {
    isSame: stored.isRepeated && differences.length === 0,
    differing: smallest.map(({ answered }) => answered),
  };
}

function askedAtRandom({ first, count }: Seeds, say: (line: string) => void): Asked {
  const differences: Difference[] = [];
  const reasons = new Map<string, number>();
  let [answered, matches] = [0, 0];
  for (let from = first; from < first + count; from += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, first + count - from) }, (_, index) => from + index);
    const agreement = agreementOn(seeds.map(randomQuestion));
    answered += agreement.answered;
    matches += agreement.matches;
    differences.push(...agreement.differences);
    for (const [reason, times] of agreement.unanswered) reasons.set(reason, (reasons.get(reason) ?? 0) + times);
  }
  for (const [reason, times] of [...reasons].sort(([, a], [, b]) => b - a)) say(`unanswered ${times}: ${reason}`);
  say(`${answered} of ${count} random cases answered by the reference, with ${matches} matches`);
  const agreed = answered - differences.length;
  const share = ((100 * agreed) / answered).toFixed(3);
  return { differences, summary: `${agreed} agree, ${differences.length} differ: ${share} %` };
}

const seedOf = ({ id }: Case): number => Number(id.replaceAll(/\D/g, ''));
