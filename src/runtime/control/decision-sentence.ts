/** A decision in one sentence, for people. */

import type { AllotmentKnob, Decision, KnobChange } from '../../control/decision.ts';
import type { Measured } from '../../control/decision-record.ts';
import type { KnobName } from '../../control/settings.ts';
import { formatBytes, formatCount, formatMs, formatRate } from '../../metrics/format.ts';

type AnyKnob = KnobName | AllotmentKnob;

/** "sink: batch 1 -> 128, calls 1 -> 4: calls are cheaper by the dozen; p95 41.0 -> 12.0 ms" */
export function sentenceOf(decision: Decision<AnyKnob>, before: Measured, isAdvice: boolean): string {
  const { stage, kind, changes, reason } = decision;
  const prefix = `${isAdvice ? 'advice: ' : ''}${kind === 'trial' ? 'trying ' : kind === 'revert' ? 'back to ' : ''}`;
  const figures = figuresOf(decision, before);
  return `${prefix}${stage}: ${shown(changes).map(changeText).join(', ')}: ${reason}${figures === '' ? '' : `; ${figures}`}`;
}

/** Knobs that say little beside these are left to the record. */
const TELLING: readonly AnyKnob[] = ['batchLimit', 'concurrency', 'lingerMs', 'minGapMs', 'budgetMs', 'maxCalls'];

function shown(changes: readonly KnobChange<AnyKnob>[]): readonly KnobChange<AnyKnob>[] {
  const telling = changes.filter(({ knob }) => TELLING.includes(knob));
  return telling.length === 0 ? changes : telling;
}

const NAMES: Readonly<Record<AnyKnob, string>> = {
  batchLimit: 'batch',
  concurrency: 'calls',
  burstConcurrency: 'calls in a burst',
  burstAgeMs: 'burst after',
  lingerMs: 'linger',
  minGapMs: 'gap between calls',
  edgeEvents: 'queue',
  edgeBytes: 'queue',
  budgetMs: 'share of the latency target',
  maxCalls: 'calls at most',
};

function changeText({ knob, from, to }: KnobChange<AnyKnob>): string {
  if (from === Infinity) return `${NAMES[knob]} ${formatCount(to)}`;
  if (to === Infinity) return 'calls no longer limited';
  const format = knob === 'edgeBytes' ? formatBytes : knob.endsWith('Ms') ? formatMs : formatCount;
  return `${NAMES[knob]} ${pair(from, to, format)}`;
}

/** Smaller differences are noise in a sentence. */
const WORTH_SAYING = 0.1;

function figuresOf({ expected }: Decision<AnyKnob>, { throughput, p95Ms }: Measured): string {
  if (expected === undefined) return '';
  const figures: string[] = [];
  if (differs(throughput, expected.throughput)) figures.push(pair(throughput, expected.throughput, formatRate));
  if (p95Ms !== null && differs(p95Ms, expected.p95Ms)) figures.push(`p95 ${pair(p95Ms, expected.p95Ms, formatMs)}`);
  return figures.join(', ');
}

function differs(from: number, to: number): boolean {
  return Math.abs(to - from) > WORTH_SAYING * Math.max(from, to);
}

/** `41.0 -> 12.0 ms`: a unit that both share is said once. */
function pair(from: number, to: number, format: (value: number) => string): string {
  const [first, second] = [format(from), format(to)];
  const [number = first, unit] = first.split(' ');
  return unit !== undefined && second.endsWith(` ${unit}`) ? `${number} -> ${second}` : `${first} -> ${second}`;
}
