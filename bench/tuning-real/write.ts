/** docs/tuning/results-real.md, from a run. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitOf, machineFacts } from '../harness/machine.ts';
import type { Sample } from '../harness/index.ts';
import { markdown } from '../tuning/report.ts';
import { root } from '../tuning/root.ts';
import { QUIET } from './quietly.ts';
import type { Measured } from './trial.ts';

export interface Written {
  readonly stands: readonly WrittenStand[];
  readonly command: string;
  readonly rounds: number;
}

export interface WrittenStand {
  readonly name: string;
  readonly measured: Measured;
  readonly meets: (target: 'ratio' | 'sure' | 'good' | 'converged' | 'hold' | 'slow', value: number) => boolean;
}

export function writeRealResults({ stands, command, rounds }: Written): void {
  const { cpu, cores, node } = machineFacts();
  const unfair = stands.reduce((sum, { measured }) => sum + measured.unfair[0], 0);
  const runs = stands.reduce((sum, { measured }) => sum + measured.unfair[1], 0);
  const fairness =
    unfair === 0
      ? `In none of the ${runs} runs did others have more than ${QUIET * 100} % of the cores.`
      : `**In ${unfair} of ${runs} runs others had more than ${QUIET * 100} % of the cores, three times in a row: these figures are of a machine that was shared.**`;
  const text = `# Results on real I/O

Written by \`${command}\` at ${commitOf() ?? 'no commit'} (${cpu}, ${cores} cores, Node.js ${node}). Medians of ${rounds} rounds, with the
lowest and the highest. What is compared, and how: [real I/O](real-io.md). Bold misses its target. ${fairness}

${markdown([HEAD, ...stands.map(rowOf)])}
`;
  writeFileSync(join(root, 'docs/tuning/results-real.md'), text);
}

const HEAD = [
  '',
  'best fixed, rows/s',
  'tuned, rows/s',
  'ratio',
  '95 % interval',
  'windows within',
  'converged, s',
  'after a standstill, s',
  'after a slowdown, s',
  'CPU of others',
];

function rowOf({ name, measured, meets }: WrittenStand): string[] {
  const { p95Ms, best, tuned, ratio, interval, goodRatio, convergedS, reconvergedS, othersCpu } = measured;
  const judged = (text: string, isMet: boolean): string => (isMet ? text : `**${text}**`);
  const seconds = (target: 'converged' | 'hold' | 'slow', sample: Sample | undefined): string =>
    sample === undefined
      ? 'not tried'
      : judged(
          spread(sample, (s) => (s === Infinity ? 'never' : s.toFixed(1))),
          meets(target, sample.median),
        );
  return [
    `${name}, p95 ${p95Ms} ms`,
    `${spread(best.perSecond, kilo)} at ${best.fixed}`,
    spread(tuned, kilo),
    judged(
      spread(ratio, (x) => x.toFixed(2)),
      meets('ratio', ratio.median),
    ),
    judged(`${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}`, meets('sure', interval.low)),
    judged(spread(goodRatio, percent), meets('good', 100 * goodRatio.median)),
    seconds('converged', convergedS),
    seconds('hold', reconvergedS.hold),
    seconds('slow', reconvergedS.slow),
    othersCpu === null ? 'not known' : spread(othersCpu, percent),
  ];
}

function spread({ median, low, high }: Sample, text: (value: number) => string): string {
  return `${text(median)} (${text(low)} to ${text(high)})`;
}

const kilo = (perSecond: number): string => `${(perSecond / 1000).toFixed(1)}K`;
const percent = (share: number): string => `${Math.round(share * 100)} %`;
