/** Every fixed setting, measured: what somebody with time to search would have found. */

import { session, type Fixed } from './session.ts';
import type { Stand } from './stand.ts';

export interface Cell {
  readonly fixed: Fixed;
  readonly perSecond: number;
  readonly p95Ms: number;
}

export interface GridOptions {
  readonly stand: Stand;
  readonly batches: readonly number[];
  readonly calls: readonly number[];
  readonly ms: number;
  readonly say: (line: string) => void;
}

/** Cut from each run: connections open, code is compiled. */
const WARMUP_MS = 400;
/** No batch takes less of a saturating source than a larger one: a row that reached so little of the best is cut short. */
const HOPELESS = 0.1;
/** In ascending order: the first that a good setting holds with room to spare is the one to judge by, ms. */
const LADDER_MS = [30, 50, 100, 200, 500];
const ROOM = 0.7;
const GOOD = 0.25;
/** For a fixed run tuning is off, and no target is looked at. */
const ANY_TARGET_MS = 1000;

/** Each setting once, in rows of one batch size; `calls` ascend, and a hopeless row is not finished. */
export async function measureGrid({ stand, batches, calls, ms, say }: GridOptions): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const batch of [...batches].reverse()) {
    const row: Cell[] = [];
    for (const concurrency of calls.filter((n) => n <= stand.connections)) {
      row.push(await measureFixed(stand, { batch, concurrency }, ms));
      if (isHopeless(row, cells, calls)) break;
    }
    cells.push(...row);
    say(`  batch ${batch}: ${row.map(cellText).join(', ')}`);
  }
  return cells;
}

/** @throws Error when a row was lost or stored twice */
export async function measureFixed(stand: Stand, fixed: Fixed, ms: number): Promise<Cell> {
  const { meter, isComplete } = await session({ stand, p95Ms: ANY_TARGET_MS, ms, fixed });
  if (!isComplete) throw new Error(`${stand.name}: rows were lost or stored twice at ${fixedText(fixed)}`);
  return { fixed, ...meter.window(WARMUP_MS, ms) };
}

/** The p95 target to judge by: the least of a ladder that a setting of at least a quarter of the best throughput holds with room. */
export function feasibleTarget(cells: readonly Cell[]): number {
  const most = Math.max(...cells.map(({ perSecond }) => perSecond));
  const good = cells.filter(({ perSecond }) => perSecond >= GOOD * most);
  const least = Math.min(...good.map(({ p95Ms }) => p95Ms));
  return LADDER_MS.find((ms) => least <= ROOM * ms) ?? 1000;
}

/** Best first: those within the target, by throughput. */
export function ranked(cells: readonly Cell[], p95Ms: number): Cell[] {
  return cells.filter((cell) => cell.p95Ms <= p95Ms).sort((a, b) => b.perSecond - a.perSecond);
}

export function fixedText({ batch, concurrency }: Fixed): string {
  return `${batch} x ${concurrency}`;
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
