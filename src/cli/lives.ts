/** How often a thread that has died may have a successor: a flow that dies by itself must not do so for ever. */

const MOST = 3;
const WITHIN_MS = 600_000;

export class Lives {
  #deaths: number[] = [];

  /** Said of each death. @returns which restart within ten minutes this is, of how many; undefined: no more */
  died(nowMs: number): string | undefined {
    this.#deaths = [...this.#deaths.filter((at) => nowMs - at < WITHIN_MS), nowMs];
    const count = this.#deaths.length;
    return count > MOST ? undefined : `${count} of at most ${MOST} within ${WITHIN_MS / 60_000} minutes`;
  }
}
