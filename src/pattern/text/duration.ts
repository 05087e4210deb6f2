import { durationMs } from '../../time/duration.ts';
import { PatternError } from '../model/error.ts';
import type { Cursor } from './cursor.ts';

/** `INTERVAL '5' MINUTE`, `'5 min'`, or milliseconds. */
export function readDuration(cursor: Cursor): number {
  const { place } = cursor;
  if (!cursor.accepts('INTERVAL')) {
    const isNumber = cursor.token.kind === 'number';
    return durationMs(isNumber ? cursor.number() : cursor.takes('string', "a time such as '5 min'"), place);
  }
  const amount = cursor.takes('string', "a number in quotes, as in INTERVAL '5' MINUTE");
  const count = Number(amount);
  const unit = UNITS.find(([names]) => names.some((name) => cursor.accepts(name)));
  if (unit === undefined) throw cursor.error('MILLISECOND, SECOND, MINUTE, HOUR or DAY');
  if (!Number.isFinite(count)) throw new PatternError(place, 'a number in the interval', amount);
  return count * unit[1];
}

const UNITS: readonly (readonly [readonly string[], number])[] = [
  [['MILLISECOND', 'MILLISECONDS'], 1],
  [['SECOND', 'SECONDS'], 1_000],
  [['MINUTE', 'MINUTES'], 60_000],
  [['HOUR', 'HOURS'], 3_600_000],
  [['DAY', 'DAYS'], 86_400_000],
];
