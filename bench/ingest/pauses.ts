/** What kept the server's thread from its work within a window: a slow window can then be blamed on something. */

import { subscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { PerformanceObserver } from 'node:perf_hooks';

export interface Pauses {
  /** Of the thread's collector: all of them, and the longest. */
  readonly gcMs: number;
  readonly longestGcMs: number;
  /** Ready to run, while others had the cores; null where the system does not tell. */
  readonly waitedMs: number | null;
  /** That tuning has taken. */
  readonly decisions: number;
}

interface Collection {
  readonly startTime: number;
  readonly duration: number;
}

export class PauseMeter {
  readonly #collections: Collection[] = [];
  #decisions = 0;
  #began = { at: 0, waitedMs: null as number | null, decisions: 0 };

  constructor() {
    new PerformanceObserver((list) => this.#collections.push(...list.getEntries())).observe({ entryTypes: ['gc'] });
    subscribe('daoflow:decision', () => (this.#decisions += 1));
  }

  async begin(): Promise<void> {
    this.#collections.length = 0;
    this.#began = { at: performance.now(), waitedMs: await waitedMs(), decisions: this.#decisions };
  }

  /** Since `begin`. Collections are told a little later than they end: some may be missing. */
  async end(): Promise<Pauses> {
    const waited = await waitedMs();
    const { at, waitedMs: before, decisions } = this.#began;
    const durations = this.#collections.filter(({ startTime }) => startTime >= at).map(({ duration }) => duration);
    return {
      gcMs: durations.reduce((sum, ms) => sum + ms, 0),
      longestGcMs: Math.max(0, ...durations),
      waitedMs: waited === null || before === null ? null : waited - before,
      decisions: this.#decisions - decisions,
    };
  }
}

/** Of the main thread, since the process began: the second figure of Linux's schedstat, in ns. */
async function waitedMs(): Promise<number | null> {
  const text = await readFile('/proc/self/schedstat', 'latin1').catch(() => '');
  const waitedNs = Number(text.split(' ')[1]);
  return Number.isFinite(waitedNs) ? waitedNs / 1e6 : null;
}
