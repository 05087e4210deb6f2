/**
 * `npm run test:flink [-- --cases 2000 --seed 1 --save FILE]`: the reference engine itself answers the cases that the project
 * ships, which must come out as they are stored, and then random ones, which must come out as ours do. What differs is made
 * smaller, printed, and written to FILE as cases of the schema `daoflow-cep-case/1`. Needs a JDK and Maven; without them it
 * says so and tests nothing. The exit code is 1 when anything differs.
 */
import './setup.mjs';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createJiti } from 'jiti';

/** Asked at once: one Java process each. */
const BATCH = 2_000;
const MOST_MINIMISED = 20;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    save: { type: 'string' },
  },
});
const load = (path) => createJiti(import.meta.url).import(`../test/conformance/${path}`);
const { buildReference } = await load('flink/reference.ts');
const missing = buildReference();
if (missing !== undefined) {
  console.log(`SKIPPED: the reference engine was NOT asked and NOTHING was compared. ${missing}.`);
  process.exit(0);
}
const { agreementOn, minimised } = await load('flink/agreement.ts');
const { randomQuestion } = await load('flink/random-case.ts');
const { readCases } = await load('cases.ts');
const { SUITES } = await load('report.ts');

const stored = SUITES.flatMap((path) => readCases(path));
const { isRepeated, lines } = (await load('flink/stored.ts')).repeated(stored);
for (const line of lines) console.log(line);

const [first, count] = [Number(values.seed), Number(values.cases)];
const differing = [];
const reasons = new Map();
let [answered, matches] = [0, 0];
for (let from = first; from < first + count; from += BATCH) {
  const seeds = Array.from({ length: Math.min(BATCH, first + count - from) }, (_, index) => from + index);
  const agreement = agreementOn(seeds.map((seed) => randomQuestion(seed)));
  answered += agreement.answered;
  matches += agreement.matches;
  differing.push(...agreement.differences);
  for (const [reason, times] of agreement.unanswered) reasons.set(reason, (reasons.get(reason) ?? 0) + times);
}
for (const [reason, times] of [...reasons].sort(([, a], [, b]) => b - a)) console.log(`unanswered ${times}: ${reason}`);
const share = ((100 * (answered - differing.length)) / answered).toFixed(3);
console.log(`${answered} of ${count} random cases answered by the reference, ${matches} matches in them`);

const seedOf = ({ answered: { id } }) => Number(id.replace(/\D/g, ''));
const smallest = minimised(differing.slice(0, MOST_MINIMISED).map((one) => randomQuestion(seedOf(one))));
for (const { answered: one, text } of smallest) {
  console.log(`${one.id}: ${JSON.stringify(one.pattern)}\n  ${JSON.stringify(one.input)}\n${text}`);
}
if (values.save !== undefined) {
  const cases = smallest.map((one) => one.answered);
  writeFileSync(values.save, `${JSON.stringify({ schema: 'daoflow-cep-case/1', cases }, undefined, 1)}\n`);
}
console.log(`${answered - differing.length} agree, ${differing.length} differ: ${share} %`);
process.exit(isRepeated && differing.length === 0 ? 0 : 1);
