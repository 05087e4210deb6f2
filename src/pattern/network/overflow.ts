import { DueQueue } from '../../state/due-queue.ts';
import type { DagProgram } from '../dag/dag-program.ts';
import type { ShedOrder } from '../matcher.ts';
import type { Bounds, OverflowPolicy } from './bounds.ts';
import type { Entry } from './entry.ts';
import { type LiveRows, OPENED } from './live-rows.ts';
import type { Relay } from './relay.ts';

const SHED_ORDER: Readonly<Record<OverflowPolicy, ShedOrder>> = {
  shedOldest: 'oldest',
  shedLeastAdvanced: 'leastAdvanced',
  reject: 'newest',
  error: 'newest',
};

/** When there is no room, so many rows are chosen at once: for each newcomer that is a look at 100 rows. */
const CHOSEN_SHARE = 0.01;

/** Stands between the times of all rows that go first and those of all others; keeps an eighth of a millisecond exact. */
const LATER = 2 ** 50;

/**
 * What goes when a bound is reached.
 *
 * Invariant (overflow.test.ts): of the rows in use those go that were opened first; with `shedLeastAdvanced` those that hold
 * their first event alone go before all others, as they stood when the last hundredth was chosen.
 */
export class Overflow {
  /** Nodes that a partition may have made before it is looked at: so many less than its bound as may be missed until then. */
  readonly mostNodes: number;
  readonly #rows: LiveRows<unknown>;
  readonly #bounds: Bounds;
  /** Rows that go next, the very next last, and when they were opened. */
  readonly #chosen: { readonly row: number; readonly openedMs: number }[] = [];

  constructor(rows: LiveRows<unknown>, bounds: Bounds) {
    this.#rows = rows;
    this.#bounds = bounds;
    this.mostNodes = Math.floor((bounds.maxNodes * 8) / 9);
  }

  /** Of one pattern for one key. @throws RangeError where the policy is that the event fails */
  shed<E>({ name, store }: Entry<E>, partition: number, excess: number, relay: Relay<E>): void {
    const { whenFull, maxPartials } = this.#bounds;
    store.shed(partition, excess, SHED_ORDER[whenFull], relay);
    if (whenFull === 'error') throw new RangeError(`more than ${maxPartials} partial matches of ${name} for one key`);
  }

  /**
   * Of one program of the DAG for one key, where it may have too many nodes.
   *
   * @returns what the event at hand fails with; undefined: it does not fail
   */
  boundNodes<E>(program: DagProgram<E>, partition: number, relay: Relay<E>): RangeError | undefined {
    const { whenFull, maxNodes } = this.#bounds;
    const isShed = program.boundNodes(partition, this.mostNodes, SHED_ORDER[whenFull], relay);
    return isShed && whenFull === 'error' ? new RangeError(`more than ${maxNodes} nodes for one key`) : undefined;
  }

  /** The row that makes room for another; undefined: newcomers are refused. */
  victim(): number | undefined {
    const { whenFull } = this.#bounds;
    if (whenFull === 'reject' || whenFull === 'error') return undefined;
    const known = this.#nextChosen();
    if (known !== undefined) return known;
    this.#choose(whenFull === 'shedLeastAdvanced');
    return this.#nextChosen();
  }

  /** Rows have other numbers now. */
  forgetChosen(): void {
    this.#chosen.length = 0;
  }

  /** What a newcomer that is refused fails with; undefined: it does not fail. */
  refusal(): RangeError | undefined {
    const { whenFull, maxLive } = this.#bounds;
    if (whenFull !== 'error') return undefined;
    return new RangeError(`more than ${maxLive} pairs of pattern and key with partial matches`);
  }

  /** Those that are over meanwhile are passed over. */
  #nextChosen(): number | undefined {
    const { slot, openedMs } = this.#rows;
    for (let next = this.#chosen.pop(); next !== undefined; next = this.#chosen.pop()) {
      if ((slot[next.row] as number) >= 0 && openedMs[next.row] === next.openedMs) return next.row;
    }
    return undefined;
  }

  #choose(isLeastAdvanced: boolean): void {
    const { size, openedMs, partition } = this.#rows;
    const count = Math.ceil(CHOSEN_SHARE * size);
    const latestFirst = new DueQueue();
    for (const row of this.#rows.all()) {
      const isAdvanced = isLeastAdvanced && partition[row] !== OPENED;
      const rank = (openedMs[row] as number) + (isAdvanced ? LATER : 0);
      if (latestFirst.size === count && rank >= -latestFirst.nextMs) continue;
      latestFirst.push(-rank, row);
      if (latestFirst.size > count) latestFirst.pop();
    }
    while (latestFirst.size > 0) {
      const row = latestFirst.pop();
      this.#chosen.push({ row, openedMs: openedMs[row] as number });
    }
  }
}
