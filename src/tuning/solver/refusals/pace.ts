/**
 * The pace of calls against a target that grants so many per second: a token bucket, or so many in each
 * window of a second.
 *
 * Rests on one fact: while a target refuses, what it grants is its limit. So the limit is *measured*, at a
 * constant pace slightly above it and over whole seconds (exact for an empty bucket, and for windows of a
 * second wherever they begin); the pace is then set just below, where neither refuses at all. A pace that
 * nobody refuses says only that the limit is higher: it is raised, in steps that double with each success, and
 * after the limit was found again ever more rarely.
 *
 * Known failures (docs/tuning/refusals.md): a bucket that holds many seconds' worth seems unlimited until it
 * is empty; windows of several seconds are measured too high at first and refuse until measured again.
 */

import {
  countSince,
  firstRefusalAt,
  isRefused,
  lastGrants,
  lastRefusalAt,
  longestSilence,
  perSecond,
  type Count,
  type Ledger,
} from './ledger.ts';

export type Pace = Free | Measuring | Holding;

/** No limit known, and none believed in before `doubtedUntil`. */
interface Free {
  readonly phase: 'free';
  readonly doubtedUntil: number;
}

interface Paced {
  readonly perSecond: number;
  /** When this pace was set. */
  readonly since: number;
  /** The limit as it was measured last; 0 = never. */
  readonly limit: number;
  /** How long to hold when the limit is found again. */
  readonly waitMs: number;
  /** Times in a row that a slower pace did not help: for a while everything was refused all the same. */
  readonly doubts: number;
}

/** Constant until it was refused for long enough to know the limit, or clean for long enough to be raised. */
interface Measuring extends Paced {
  readonly phase: 'measuring';
  /** Begin of the first period with a refusal; undefined while there was none. */
  readonly refusedSince: number | undefined;
  /** Of the next raise, as a share. */
  readonly step: number;
  /** The last pace that was not refused; 0 while none is known. */
  readonly clean: number;
  /** Calls granted above the limit since it is tested: a bucket may have saved them up. */
  readonly spare: number;
}

/** Just below the limit. */
interface Holding extends Paced {
  readonly phase: 'holding';
  readonly testAt: number;
}

export interface PaceEvidence {
  readonly now: number;
  readonly ledger: Ledger;
  /** Times that the target took and refused by turns. */
  readonly turns: number;
  /** When the first refusal that is remembered was met; undefined without one. */
  readonly refusedSince: number | undefined;
}

/** Calls granted since the first refusal that a first guess rests on. */
const GUESS_CALLS = 5;
/** Of the limit: below it a bucket fills faster than it is emptied, and a window of a second never ends early. */
const MARGIN = 0.985;
/** Above what seems to be granted, so that it is refused where that is right, and measured. */
const OVERSPEED = 1.1;
const FIRST_STEP = 0.02;
/** Above a limit that is tested, per second; in whole calls it is met. */
const TEST_CALLS = 0.5;
const CLIMB_STEP = 0.25;
const MAX_STEP = 1;
/** Of a limit that is known, until more was granted than a bucket saves in a second: it is met soon, and little beyond. */
const CAREFUL_STEP = 0.08;
/** After a limit that was not asked for in full. */
const UNSURE_STEP = 0.1;
/** Granted less than this share of a pace that was taken, calls are too close to each other: at little above it, every other one. */
const APART_RATIO = 0.85;
/** A pace within this share above one that was taken is as good as that. */
const CLOSE_RATIO = 0.04;
/** Next steps from which to which a limit that is nearly known was overstepped: it is measured with a shorter one. */
const LEAST_LONG_STEP = 0.05;
const MOST_LONG_STEP = 0.4;
/** Calls that a limit is measured with, in whole seconds up to four. */
const MEASURED_CALLS = 50;
/** A pace that was not refused for so long is raised: sooner, and a window would not have ended. Fewer calls say nothing. */
const CLEAN_MS = 1000;
/** And one call more than the limit grants, if it is known, within this time. */
const MOST_CLEAN_MS = 3000;
const CLEAN_CALLS = 10;
/** A refusal longer ago than this is no part of what is measured; windows refuse once a second, or every other one behind a gate. */
const STALE_MS = 2500;
/** A pace that the stage does not use up is not tested. */
const USED_RATIO = 0.85;
/** What is refused only now may be the begin of an outage. */
const SETTLE_MS = 300;
/** After a change of pace what was granted before it goes on refusing: until its window of a second ends, or slides past it. */
const ECHO_MS = 1300;
/** What was granted lately tells the limit when something is refused. */
const GRANTED_MS = 150;
/** Nothing granted for longer: the target is away, and that says nothing of its limit. No window of a second lasts longer. */
const AWAY_MS = 1200;
/** How long a measured limit is taken as it is; doubles. */
const FIRST_WAIT_MS = 10_000;
/** Measured within this share (and one call) of the former, it is the same limit. */
const SAME_RATIO = 0.03;
const MAX_WAIT_MS = 60_000;
/** And the first time at least for so many calls, which doubles too: a test has a few of them refused. */
const HELD_CALLS = 200;
/** A limit that has dropped below this share is met at once again: an outage looks the same. */
const DROP_RATIO = 0.85;
/** At a pace close to the limit nothing refuses everything for longer. */
const SILENCE_MS = 250;
const MOST_DOUBTS = 4;
const DOUBT_MS = 60_000;
/** Granted that many times the limit, it is a limit no more. */
const GONE_RATIO = 2;

export const FREE: Pace = { phase: 'free', doubtedUntil: Number.NEGATIVE_INFINITY };

export function nextPace(pace: Pace, evidence: PaceEvidence): Pace {
  if (pace.phase === 'free') return found(pace, evidence);
  const { now, ledger } = evidence;
  const [lastMs, beforeMs] = lastGrants(ledger).map((at) => now - at) as [number, number];
  if (lastMs > GRANTED_MS) return pace; // wait for what comes
  if (beforeMs > AWAY_MS)
    return { ...pace, since: now, ...(pace.phase === 'measuring' && { refusedSince: undefined }) };
  return pace.phase === 'measuring' ? measured(pace, ledger, now) : held(pace, ledger, now);
}

function found(pace: Free, { now, ledger, turns, refusedSince }: PaceEvidence): Pace {
  if (turns === 0 || refusedSince === undefined || !isRefused(ledger) || now < pace.doubtedUntil) return pace;
  const count = countSince(ledger, lastWholeSeconds(refusedSince, now));
  return count.granted >= GUESS_CALLS ? measuringFrom(grantRate(count), now, 0) : pace;
}

function measured(pace: Measuring, ledger: Ledger, now: number): Pace {
  if (!isRefused(ledger)) {
    if (isClean(pace, ledger)) return raised(pace, now);
    // Refused long ago, while something else was tried: it is measured from the next refusal on.
    return now - lastRefusalAt(ledger) > STALE_MS ? { ...pace, refusedSince: undefined } : pace;
  }
  const isTested = pace.limit > 0;
  if (isTested && pace.perSecond <= justAbove(pace.limit)) return holdingAt(pace.limit, now, pace.waitMs, pace.doubts);
  if (isSaved(pace)) return drained(pace, now);
  if (pace.step > LEAST_LONG_STEP && pace.step < MOST_LONG_STEP && pace.clean > 0) return finer(pace, now);
  const refusedSince = pace.refusedSince ?? now - (ledger.entries.at(-1)?.durationMs ?? 0);
  if (now - refusedSince < 999) return { ...pace, refusedSince };
  const lastSecond = grantRate(countSince(ledger, now - 1000));
  if (isTested && Math.abs(lastSecond - pace.limit) <= 1 + SAME_RATIO * pace.limit)
    return holdingAt(pace.limit, now, pace.waitMs, 0);
  if (now - refusedSince < measureMs(pace.perSecond) - 1) return { ...pace, refusedSince };
  const count = countSince(ledger, lastWholeSeconds(refusedSince, now));
  const doubts = doubtsOf(pace, ledger, now);
  if (doubts >= MOST_DOUBTS) return { phase: 'free', doubtedUntil: now + DOUBT_MS };
  const limit = grantRate(count);
  // What was not asked for was not granted either: the limit may be higher.
  const isSure = perSecond(count.started, count.durationMs) >= USED_RATIO * pace.perSecond;
  if (!isSure) return { ...measuringFrom(limit, now, doubts), step: UNSURE_STEP };
  return limit < APART_RATIO * pace.clean ? closer(pace, now) : holdingAt(limit, now, FIRST_WAIT_MS, doubts);
}

/** What was saved up is used up: whether the limit is what it was shows a little above it. */
function drained(pace: Measuring, now: number): Measuring {
  const { limit } = pace;
  const perSecond = justAbove(limit);
  return { ...pace, perSecond, since: now, refusedSince: undefined, step: FIRST_STEP, clean: 0, spare: limit };
}

/** Refused at it, the limit is the same as before. */
function justAbove(limit: number): number {
  return limit * (1 + SAME_RATIO) + TEST_CALLS;
}

/** What was granted above the limit may have been saved up. */
function isSaved({ limit, spare }: Measuring): boolean {
  return limit > 0 && spare < limit;
}

function isClean({ perSecond: pace, since, limit }: Measuring, ledger: Ledger): boolean {
  const { started, durationMs } = countSince(ledger, Math.max(since, lastRefusalAt(ledger)));
  const cleanMs = limit > 0 ? Math.max(CLEAN_MS, Math.min(MOST_CLEAN_MS, 1000 / (pace - limit))) : CLEAN_MS;
  return durationMs >= cleanMs - 1 && started >= CLEAN_CALLS && perSecond(started, durationMs) >= USED_RATIO * pace;
}

function raised(pace: Measuring, now: number): Pace {
  const next = pace.perSecond * (1 + pace.step);
  if (pace.limit > 0 && next > GONE_RATIO * pace.limit) return FREE;
  return {
    ...pace,
    perSecond: next,
    since: now,
    refusedSince: undefined,
    step: Math.min(isSaved(pace) ? CAREFUL_STEP : MAX_STEP, 2 * pace.step),
    clean: pace.perSecond,
    spare: pace.spare + Math.max(0, ((pace.perSecond - pace.limit) * (now - pace.since)) / 1000),
  };
}

/**
 * Asked for more it grants less: a bucket without room, or calls that must be so far apart, refuse every other one. What
 * was taken is the limit then, if it is taken again.
 */
function closer(pace: Measuring, now: number): Pace {
  const { clean, perSecond, waitMs, doubts } = pace;
  if (perSecond <= (1 + CLOSE_RATIO) * clean) return holdingAt(clean / MARGIN, now, waitMs, doubts);
  return { ...pace, perSecond: clean, since: now, refusedSince: undefined, step: FIRST_STEP, clean: 0, limit: 0 };
}

/** Refused after a long step: the limit is measured just above what was taken, where little is refused. */
function finer(pace: Measuring, now: number): Measuring {
  const perSecond = pace.clean * (1 + FIRST_STEP);
  return { ...pace, perSecond, since: now, refusedSince: undefined, step: 2 * FIRST_STEP };
}

function held(pace: Holding, ledger: Ledger, now: number): Pace {
  const settledAt = pace.since + ECHO_MS;
  for (const seconds of [1, 2, 4]) {
    const from = now - 1000 * seconds;
    if (seconds > 1 && from < pace.since - 1) break;
    const counted = Math.max(from, settledAt);
    if (now - firstRefusalAt(ledger, counted) < SETTLE_MS || countSince(ledger, counted).refused < 2) continue;
    return refusedAgain(pace, ledger, grantRate(countSince(ledger, from)), now);
  }
  const count = countSince(ledger, Math.max(now - 1000, pace.since));
  if (now < pace.testAt || perSecond(count.started, count.durationMs) < USED_RATIO * pace.perSecond) return pace;
  return {
    phase: 'measuring',
    perSecond: Math.max(pace.perSecond * (1 + FIRST_STEP), pace.limit + TEST_CALLS),
    since: now,
    refusedSince: undefined,
    step: 2 * FIRST_STEP,
    clean: pace.perSecond,
    spare: 0,
    limit: pace.limit,
    waitMs: Math.min(MAX_WAIT_MS, 2 * pace.waitMs),
    doubts: pace.doubts,
  };
}

function refusedAgain(pace: Holding, ledger: Ledger, granted: number, now: number): Pace {
  const doubts = doubtsOf(pace, ledger, now);
  if (doubts >= MOST_DOUBTS) return { phase: 'free', doubtedUntil: now + DOUBT_MS };
  if (doubts === 1) return { ...pace, since: now - ECHO_MS + SETTLE_MS, doubts };
  return granted < DROP_RATIO * pace.limit
    ? measuringFrom(granted, now, doubts)
    : holdingAt(Math.min(granted, pace.perSecond), now, pace.waitMs, doubts);
}

/** A limit refuses what is above it, in between; what refuses everything for a while is no limit. */
function doubtsOf({ doubts, perSecond: pace }: Paced, ledger: Ledger, now: number): number {
  return longestSilence(ledger, now - 1500) > Math.max(SILENCE_MS, 3000 / pace) ? doubts + 1 : 0;
}

function measuringFrom(granted: number, now: number, doubts: number): Measuring {
  return {
    phase: 'measuring',
    perSecond: granted * OVERSPEED,
    since: now,
    refusedSince: undefined,
    step: CLIMB_STEP,
    clean: 0,
    spare: 0,
    limit: 0,
    waitMs: FIRST_WAIT_MS,
    doubts,
  };
}

function holdingAt(limit: number, now: number, waitMs: number, doubts: number): Holding {
  const testAt = now + Math.max(waitMs, ((1000 * HELD_CALLS) / limit) * (waitMs / FIRST_WAIT_MS));
  return { phase: 'holding', perSecond: MARGIN * limit, limit, since: now, testAt, waitMs, doubts };
}

function grantRate({ granted, durationMs }: Count): number {
  return perSecond(granted, durationMs);
}

function measureMs(pace: number): number {
  return 1000 * Math.min(4, Math.max(1, Math.ceil(MEASURED_CALLS / pace)));
}

/** From when to count so that windows of a second are counted whole, if it is as long as that. */
function lastWholeSeconds(since: number, now: number): number {
  const seconds = Math.min(4, Math.floor((now - since + 1) / 1000));
  return seconds === 0 ? since : now - 1000 * seconds;
}
