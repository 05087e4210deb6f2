/**
 * Which of the matches that come at once for a key are handed out.
 *
 * `first` is the one whose first event is the earliest, `last` the one whose first event is the latest, `longest` the one with
 * the most events, of several such the one that began first. Where that leaves several, their events are compared from the last
 * one back: `last` takes the later one, the others the earlier one; the same events by the names of their steps.
 */

import type { MatchOutput } from '../matcher.ts';
import type { Only, PatternModel } from '../model/pattern.ts';
import { bindingsOf, type Bound, type Run } from './run.ts';

export type Selection = Pick<PatternModel<never>, 'only' | 'limit'>;

/** Hands out what is wanted of the matches that came together. */
export function handOut<E>(
  matches: readonly Run<E>[],
  { only, limit }: Selection,
  endTs: number,
  output: MatchOutput<E>,
): void {
  const hand = ({ last, startTs }: Run<E>): void => output.match(bindingsOf(last), startTs, endTs, 1);
  if (only === undefined) {
    for (const match of limit === undefined ? matches : matches.slice(0, limit)) hand(match);
    return;
  }
  const [first] = matches;
  if (first === undefined) return;
  if (only === 'count') {
    const startTs = matches.reduce((earliest, match) => Math.min(earliest, match.startTs), Infinity);
    output.match({}, startTs, endTs, matches.length);
  } else hand(matches.reduce((best, match) => (isBetter(match, best, only) ? match : best), first));
}

function isBetter(a: Run<unknown>, b: Run<unknown>, only: Only): boolean {
  const [lengthA, lengthB] = [a.last?.length ?? 0, b.last?.length ?? 0];
  if (only === 'longest' && lengthA !== lengthB) return lengthA > lengthB;
  const isLater = only === 'last';
  if (a.start !== b.start) return a.start > b.start === isLater;
  let [x, y]: [Bound<unknown> | undefined, Bound<unknown> | undefined] = [a.last, b.last];
  for (; x !== undefined && y !== undefined && x !== y; [x, y] = [x.before, y.before]) {
    if (x.seq !== y.seq) return x.seq > y.seq === isLater;
    if (x.name !== y.name) return x.name < y.name;
  }
  return false;
}
