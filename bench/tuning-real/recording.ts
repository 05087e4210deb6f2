/** What was confirmed when, and how long it took: plain data, and what is read from it. */

export interface Recording {
  readonly buckets: readonly Bucket[];
}

/** Of 50 ms. */
export interface Bucket {
  /** Rows by latency: `[step, rows]`, steps of 1 %. */
  readonly rows: readonly (readonly [step: number, rows: number])[];
  readonly calls: number;
  /** Of these calls together. */
  readonly callsMs: number;
}

export interface Window {
  readonly perSecond: number;
  /** Of acceptance to confirmation, by rows. Infinity where nothing was confirmed. */
  readonly p95Ms: number;
}

export const BUCKET_MS = 50;
const STEP = Math.log(1.01);

export function stepOf(ms: number): number {
  return Math.ceil(Math.log(Math.max(ms, 0.01)) / STEP);
}

/** @param fromMs - since the start, as `toMs`; both in steps of 50 ms */
export function windowOf(recording: Recording, fromMs: number, toMs: number): Window {
  const steps = inside(recording, fromMs, toMs).flatMap(({ rows }) => rows);
  const total = steps.reduce((sum, [, rows]) => sum + rows, 0);
  return { perSecond: (total / (toMs - fromMs)) * 1000, p95Ms: p95Of(steps, total) };
}

/** Windows of a second that lie within, one after the other. */
export function secondsOf(recording: Recording, fromMs: number, toMs: number): Window[] {
  const count = Math.max(0, Math.floor((toMs - fromMs) / 1000));
  return Array.from({ length: count }, (_, i) => windowOf(recording, fromMs + i * 1000, fromMs + (i + 1) * 1000));
}

/** Mean duration of the calls that ended in between. */
export function callMsOf(recording: Recording, fromMs: number, toMs: number): number {
  const buckets = inside(recording, fromMs, toMs);
  const calls = buckets.reduce((sum, bucket) => sum + bucket.calls, 0);
  return buckets.reduce((sum, { callsMs }) => sum + callsMs, 0) / Math.max(1, calls);
}

function inside({ buckets }: Recording, fromMs: number, toMs: number): readonly Bucket[] {
  return buckets.slice(Math.round(fromMs / BUCKET_MS), Math.round(toMs / BUCKET_MS));
}

function p95Of(steps: readonly (readonly [step: number, rows: number])[], total: number): number {
  let above = total * 0.05;
  for (const [step, rows] of [...steps].sort(([one], [other]) => other - one)) {
    above -= rows;
    if (above < 0) return Math.exp(step * STEP);
  }
  return Infinity;
}
