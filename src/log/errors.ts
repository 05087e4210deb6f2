import { DaoFlowError, messageOf } from '../errors/errors.ts';
import { describeDamage, lostRecords, type Damage } from './damage.ts';

/** A log cannot do what was asked: it is closed, or its files can no longer be written. */
export class LogError extends DaoFlowError {
  override readonly name = 'LogError';
  constructor(directory: string, problem: string, cause?: unknown) {
    const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
    super('DAO_LOG', `log ${directory}: ${problem}${why}`, cause);
  }
}

/** Records that were durable can no longer be read. Never raised for what a crash alone can leave. */
export class LogDamagedError extends DaoFlowError {
  override readonly name = 'LogDamagedError';
  readonly damages: readonly Damage[];
  constructor(directory: string, damages: readonly Damage[]) {
    const lost = lostRecords(damages);
    const lines = damages.slice(0, SHOWN).map((damage) => `  ${describeDamage(damage)}`);
    const more = damages.length > SHOWN ? `\n  and ${damages.length - SHOWN} more` : '';
    super(
      'DAO_LOG_DAMAGED',
      `log ${directory} is damaged, ${lost} ${lost === 1 ? 'record is' : 'records are'} lost:\n${lines.join('\n')}${more}\n` +
        'Restore the file from a copy, or open the log with acceptLoss to go on without these records.',
    );
    this.damages = damages;
  }
}

const SHOWN = 5;

/** Another living process writes to this log. */
export class LogLockedError extends DaoFlowError {
  override readonly name = 'LogLockedError';
  constructor(path: string, holder: string) {
    super(
      'DAO_LOG_LOCKED',
      `${path} is held by ${holder}: a log has one writer. ` +
        'Stop the other process, or use another directory; `daoflow log` can read without the lock.',
    );
  }
}
