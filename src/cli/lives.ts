/** How often a thread that has died may have a successor: a flow that dies by itself must not do so for ever. */

const MOST = 3;
/** Events that may be set apart: code that dies of most of its events should be mended. */
const MOST_APART = 10;
const WITHIN_MS = 600_000;
const WITHIN = `within ${WITHIN_MS / 60_000} minutes`;

export class Lives {
  #deaths: number[] = [];
  #apart: number[] = [];

  /** Said of each death that told nothing. @returns which restart this is, of how many; undefined: no more */
  died(nowMs: number): string | undefined {
    this.#deaths = [...recent(this.#deaths, nowMs), nowMs];
    const count = this.#deaths.length;
    return count > MOST ? undefined : `${count} of at most ${MOST} ${WITHIN}`;
  }

  /** The event has been found of which the last ones died: they are forgiven. @returns as above */
  setApart(nowMs: number): string | undefined {
    this.#deaths = [];
    this.#apart = [...recent(this.#apart, nowMs), nowMs];
    const count = this.#apart.length;
    return count > MOST_APART ? undefined : `${count} of at most ${MOST_APART} ${WITHIN}`;
  }
}

function recent(times: readonly number[], nowMs: number): number[] {
  return times.filter((at) => nowMs - at < WITHIN_MS);
}
