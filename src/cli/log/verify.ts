import { lostRecords } from '../../log/damage.ts';
import { formatBytes, formatCount } from '../../metrics/format.ts';
import type { LogOptions } from '../command-options.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { damageLines } from './damage-lines.ts';
import { inspection } from './open-inspection.ts';

/** @returns the exit code */
export async function verify(directory: string, { json = false }: LogOptions, output: Output): Promise<number> {
  const log = await inspection(directory, true);
  const { first, last, damages, losses, torn, sizes } = log;
  const records = last - first + 1 - lostRecords([...damages, ...losses].filter((lost) => lost.first >= first));
  const isSound = damages.length === 0;
  if (json) {
    const report = { directory, isSound, first, last, records, damages, losses, torn: torn ?? null };
    output.write(`${JSON.stringify(report)}\n`);
  } else {
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const verdict = isSound ? 'sound' : 'DAMAGED';
    output.write(
      `${[
        `${directory}: ${verdict}: ${formatCount(records)} records checked in ${sizes.size} segments, ${formatBytes(bytes)}`,
        ...damageLines(log),
      ].join('\n')}\n`,
    );
  }
  return isSound ? EXIT.done : EXIT.failed;
}
