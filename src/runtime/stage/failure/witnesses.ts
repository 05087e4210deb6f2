/**
 * Which call is next where some wait to be tried again, and whether a new one may go past them: a witness, which shows
 * whether the target works at all.
 *
 * Invariants (one-call.test.ts, deadlines.test.ts)
 * - A sink that makes one call at a time writes in order for as long as each call ends by itself, however often it fails.
 * - A call that is given up may still take effect at any time, after those that follow it too: past one that was given up
 *   MOST_DEADLINES times there is no order left to keep, and one witness is asked. Where that hangs too it looks like an
 *   outage: the first in line has twice as many deadlines to be the first that works, and so on.
 */

import type { StageSettings } from '../../../control/settings.ts';
import type { Attempt } from './attempt.ts';
import { MOST_DEADLINES, type Protection } from './protection.ts';
import type { Roster } from './roster.ts';
import type { WaitingRetries } from './waiting-retries.ts';

/** Deadlines: four events in a row that hang are found all the same. */
const LONGEST_PATIENCE = 8 * MOST_DEADLINES;

export class Witnesses {
  readonly #kind: 'async' | 'sink';
  readonly #settings: () => StageSettings;
  readonly #running: Roster<Attempt>;
  readonly #retries: WaitingRetries<Attempt>;
  readonly #protection: Protection | undefined;
  /** Calls have been under way side by side: no order is kept. */
  #hadSeveral = false;
  /** Where order is kept: deadlines of the first in line until another is asked, and from how many that is counted. */
  #patience = MOST_DEADLINES;
  #mostPatience = MOST_DEADLINES;

  /** @param running - all attempts. @param retries - those of them that wait */
  constructor(
    kind: 'async' | 'sink',
    settings: () => StageSettings,
    running: Roster<Attempt>,
    retries: WaitingRetries<Attempt>,
    protection: Protection | undefined,
  ) {
    this.#kind = kind;
    this.#settings = settings;
    this.#running = running;
    this.#retries = retries;
    this.#protection = protection;
  }

  get mostAtOnce(): number {
    const { concurrency, burstConcurrency } = this.#settings();
    return Math.max(concurrency, burstConcurrency);
  }

  /** @param inFlight - with the call that begins */
  callBegins(inFlight: number): void {
    if (inFlight > 1) this.#hadSeveral = true;
  }

  /** See Protection. One at a time. */
  isWanted(): boolean {
    if (this.#retries.size === 0 || (this.#keepsOrder && this.#patience > 0)) return false;
    const isNew = ({ call, troubles }: Attempt): boolean => call !== undefined && troubles === 0;
    const isWanted = this.#protection?.wantsWitness(this.#retries, this.#running.size, this.mostAtOnce) === true;
    return isWanted && !this.#running.members.some(isNew);
  }

  /** Of those that wait, where no new one is wanted, or none is there. */
  next(): Attempt | undefined {
    if (this.#retries.size === 0 || !this.#keepsOrder) return this.#retries.first;
    const first = this.#retries.least(bySequence);
    const isDoubted = first !== undefined && first.troubles > 0 && this.#protection?.isUnproven(first) === true;
    if (!isDoubted || this.#patience > 0) return first;
    return this.#retries.least((one, other) =>
      one === first ? 1 : other === first ? -1 : one.timeouts - other.timeouts,
    );
  }

  /** The target works: the first in line is next, and another is asked once that has hung again. */
  worked({ isolation }: Attempt): void {
    this.#mostPatience = MOST_DEADLINES;
    this.#patience = this.#retries.size > 0 || isolation !== undefined ? 1 : MOST_DEADLINES;
  }

  /** @returns true where others will be asked past this one for the first time */
  failed(attempt: Attempt, isDeadline: boolean): boolean {
    if (!this.#keepsOrder) return false;
    if (this.#retries.some((each) => bySequence(each, attempt) < 0)) {
      this.#mostPatience = Math.min(2 * this.#mostPatience, LONGEST_PATIENCE);
      this.#patience = this.#mostPatience;
    } else if (isDeadline) {
      this.#patience -= 1;
    }
    return this.#patience === 0 && attempt.timeouts === MOST_DEADLINES && attempt.isolation === undefined;
  }

  /** A sink whose calls have always gone one by one. Results, of an operator, are put in order afterwards. */
  get #keepsOrder(): boolean {
    return this.#kind === 'sink' && !this.#hadSeveral && this.mostAtOnce === 1;
  }
}

function bySequence(one: Attempt, other: Attempt): number {
  return one.sequence - other.sequence;
}
