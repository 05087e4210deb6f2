import type { ResourceSample } from '../metrics/resources.ts';
import type { ReadText } from './read-text.ts';

export type IoShares = Pick<ResourceSample, 'ioWaitRatio' | 'ioPressureRatio'>;

/** Kernel ticks are 10 ms: a second of them gives 1 % steps per core. */
const WINDOW_MS = 1000;

/**
 * Shares of time spent waiting for I/O, over windows of at least a second; in between, the last
 * answer stands. Null before the first window ends, and where the kernel does not tell.
 */
export class IoMeter {
  readonly #read: ReadText;
  #before: IoTotals;

  #shares: IoShares = { ioWaitRatio: null, ioPressureRatio: null };

  /** @param at - monotonic ms */
  constructor(read: ReadText, at: number) {
    this.#read = read;
    this.#before = totals(read, at);
  }

  read(at: number): IoShares {
    if (at - this.#before.at < WINDOW_MS) return this.#shares;
    const now = totals(this.#read, at);
    this.#shares = { ioWaitRatio: ioWaitRatio(this.#before, now), ioPressureRatio: ioPressureRatio(this.#before, now) };
    this.#before = now;
    return this.#shares;
  }
}

/** Running totals of the host: a share is the difference of two readings. */
interface IoTotals {
  /** Monotonic ms. */
  readonly at: number;
  readonly cpu: CpuTicks | null;
  /** Time in which some task waited for I/O, microseconds. */
  readonly stallMicros: number | null;
}

interface CpuTicks {
  /** Idle with I/O outstanding. */
  readonly ioWait: number;
  readonly total: number;
}

function totals(read: ReadText, at: number): IoTotals {
  return { at, cpu: parseStat(read('/proc/stat')), stallMicros: parsePressure(read('/proc/pressure/io')) };
}

function ioWaitRatio({ cpu: before }: IoTotals, { cpu: now }: IoTotals): number | null {
  if (before === null || now === null || now.total <= before.total) return null;
  // The kernel documents that this counter may go back a little.
  return Math.max(0, now.ioWait - before.ioWait) / (now.total - before.total);
}

function ioPressureRatio(before: IoTotals, now: IoTotals): number | null {
  if (before.stallMicros === null || now.stallMicros === null) return null;
  const share = (now.stallMicros - before.stallMicros) / ((now.at - before.at) * 1000);
  return Math.min(1, Math.max(0, share));
}

/** Columns that add up to all time: user nice system idle iowait irq softirq steal. Guest time is in user already. */
const TIME_COLUMNS = 8;
const IO_WAIT_COLUMN = 4;

/** First line of /proc/stat. Source: proc_stat(5). */
function parseStat(text: string | undefined): CpuTicks | null {
  const match = /^cpu +(.*)/.exec(text ?? '');
  const columns = (match?.[1] ?? '').trim().split(/\s+/).slice(0, TIME_COLUMNS).map(Number);
  const ioWait = columns[IO_WAIT_COLUMN];
  if (ioWait === undefined || !columns.every(Number.isFinite)) return null;
  return { ioWait, total: columns.reduce((sum, ticks) => sum + ticks, 0) };
}

/** Source: Documentation/accounting/psi.rst. */
function parsePressure(text: string | undefined): number | null {
  const match = /^some .*\btotal=(\d+)/m.exec(text ?? '');
  return match === null ? null : Number(match[1]);
}
