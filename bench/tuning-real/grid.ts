/** Every fixed setting, measured: what somebody with time to search would have found. */

import type { Engine } from './engine.ts';
import { measureFixed, type Cell } from './runs.ts';
import type { Stand } from './stand.ts';

export interface GridOptions {
  readonly engine: Engine;
  readonly stand: Stand;
  readonly batches: readonly number[];
  readonly calls: readonly number[];
  readonly ms: number;
  readonly say: (line: string) => void;
}

/** No batch takes less of a saturating source than a larger one: a row that reached so little of the best is cut short. */
const HOPELESS = 0.1;
/** In ascending order: the first that a good setting holds with room to spare is the one to judge by, ms. */
const LADDER_MS = [30, 50, 100, 200, 500];
const ROOM = 0.7;
const GOOD = 0.25;
/** One look at a setting is not much: it may still be the best with so much more than the target, or less throughput. */
const DOUBT = 1.15;

/** Each setting once, in rows of one batch size; `calls` ascend, and a hopeless row is not finished. */
export async function measureGrid({ engine, stand, batches, calls, ms, say }: GridOptions): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const batch of [...batches].reverse()) {
    const row: Cell[] = [];
    for (const concurrency of calls.filter((n) => n <= stand.connections)) {
      row.push(await measureFixed(engine, stand, { batch, concurrency }, ms));
      if (isHopeless(row, cells, calls)) break;
    }
    cells.push(...row);
    say(`  batch ${batch}: ${row.map(cellText).join(', ')}`);
  }
  return cells;
}

/** The p95 target to judge by: the least of a ladder that a setting of at least a quarter of the best throughput holds with room. */
export function feasibleTarget(cells: readonly Cell[]): number {
  const most = Math.max(...cells.map(({ perSecond }) => perSecond));
  const good = cells.filter(({ perSecond }) => perSecond >= GOOD * most);
  const least = Math.min(...good.map(({ p95Ms }) => p95Ms));
  return LADDER_MS.find((ms) => least <= ROOM * ms) ?? 1000;
}

/** Those that may be the best within the target, most throughput first. */
export function finalistsOf(cells: readonly Cell[], p95Ms: number, most: number): Cell[] {
  const near = cells.filter((cell) => cell.p95Ms <= DOUBT * p95Ms).sort((a, b) => b.perSecond - a.perSecond);
  // The best of those that kept the target comes first, so that one is always among them.
  const kept = near.find((cell) => cell.p95Ms <= p95Ms);
  return kept === undefined ? [] : [kept, ...near.filter((cell) => cell !== kept)].slice(0, most);
}

function cellText({ fixed, perSecond, p95Ms }: Cell): string {
  return `x ${fixed.concurrency} ${Math.round(perSecond)}/s ${p95Ms.toFixed(1)} ms`;
}

/** Even with as many times the calls it would stay far below the best. */
function isHopeless(row: readonly Cell[], cells: readonly Cell[], calls: readonly number[]): boolean {
  const most = Math.max(0, ...cells.map(({ perSecond }) => perSecond));
  const last = row.at(-1);
  return last !== undefined && (last.perSecond * Math.max(...calls)) / last.fixed.concurrency < HOPELESS * most;
}
