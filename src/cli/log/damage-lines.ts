import { describeDamage, lostRecords } from '../../log/damage.ts';
import type { LogInspection } from '../../log/inspect.ts';
import { formatBytes, formatCount } from '../../metrics/format.ts';

/** What a person should know, and what to do about it; nothing for a log in order. */
export function damageLines({ damages, losses, torn, stale, isLedgerLost }: LogInspection): string[] {
  const lost = lostRecords(damages);
  return [
    ...(damages.length === 0
      ? []
      : [
          '',
          `LOST: ${formatCount(lost)} ${lost === 1 ? 'record' : 'records'}`,
          ...damages.map((damage) => `  ${describeDamage(damage)}`),
          'fix: restore these files from a copy, or open the log with acceptLoss: true to go on without these records',
        ]),
    ...(losses.length === 0 ? [] : ['', 'accepted losses:', ...losses.map((damage) => `  ${describeDamage(damage)}`)]),
    ...(torn === undefined
      ? []
      : ['', `unfinished at the end of ${torn.segment}: ${formatBytes(torn.bytes)} that were never acknowledged`]),
    ...stale.map((name) => `\nnot read: ${name} is of a writer that had lost its lock`),
    ...(isLedgerLost ? ['\nthe ledger is lost: every record that is there counts as not acknowledged'] : []),
  ];
}
