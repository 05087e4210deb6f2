import type { FlowSnapshot } from '../../metrics/snapshot.ts';

/** One point of a sparkline per so many ms: slow enough to read, and 30 of them show the last 15 s. */
const STEP_MS = 500;
const KEPT_POINTS = 120;
const KEPT_ENTRIES = 100;

export interface LogEntry {
  /** Uptime of the run, ms. */
  readonly atMs: number;
  readonly level: 'info' | 'warn' | 'good';
  readonly message: string;
}

/** What the view remembers of a run: points for the sparklines and the newest log entries, both bounded. */
export class History {
  readonly throughput: number[] = [];
  readonly p95: (number | null)[] = [];
  readonly log: LogEntry[] = [];
  #nextMs = 0;

  add(snapshot: FlowSnapshot): void {
    if (snapshot.uptimeMs < this.#nextMs) return;
    this.#nextMs = (Math.floor(snapshot.uptimeMs / STEP_MS) + 1) * STEP_MS;
    keep(this.throughput, snapshot.system.throughput.eps, KEPT_POINTS);
    keep(this.p95, snapshot.system.response_time.p95, KEPT_POINTS);
  }

  note(entry: LogEntry): void {
    keep(this.log, entry, KEPT_ENTRIES);
  }
}

function keep<T>(list: T[], value: T, most: number): void {
  list.push(value);
  if (list.length > most) list.splice(0, list.length - most);
}
