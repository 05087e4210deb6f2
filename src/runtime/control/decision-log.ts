/**
 * The newest decisions of a run, with what came of them.
 *
 * Invariants (decision-log.test.ts)
 * - At most KEPT_DECISIONS entries; ids grow by one per entry.
 * - Trims of a stage since its last move are one entry, and so are its trials: people read the moves between.
 * - The outcome of a move or a revert is filled in once, when it had time to act or the next one overtakes it.
 */

import type { AllotmentKnob, Decision, KnobChange } from '../../control/decision.ts';
import type { KnobName } from '../../control/settings.ts';
import type { DecisionFilter, DecisionRecord, Measured, Outcome } from '../../control/decision-record.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { Clock } from '../../time/clock.ts';
import { OutcomeWatch } from './decision-outcome.ts';
import { sentenceOf } from './decision-sentence.ts';

type AnyKnob = KnobName | AllotmentKnob;

export const KEPT_DECISIONS = 1000;
/** A new entry for trims and trials at least this often, so that the log shows that they go on. */
const COLLAPSED_FOR_MS = 60_000;

/** What is open for one stage. */
interface Pending {
  /** The newest move or revert whose outcome is not known. */
  watch: { readonly id: number; readonly outcome: OutcomeWatch } | undefined;
  trim: DecisionRecord | undefined;
  trial: DecisionRecord | undefined;
}

export interface DecisionListener {
  /** A new entry; not for what an entry that is there stands for already. */
  decided(record: DecisionRecord): void;
  /** Its outcome is known. */
  ended(record: DecisionRecord): void;
}

export class DecisionLog {
  readonly #clock: Clock;
  readonly #listener: DecisionListener;
  readonly #records: DecisionRecord[] = [];
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;

  constructor(clock: Clock, listener: DecisionListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** @param before - of the stage, over the half second before */
  add(decision: Decision<AnyKnob>, before: Measured, isAdvice = false): void {
    const pending = this.#pendingOf(decision.stage);
    if (!isAdvice && this.#collapse(decision, pending)) return;
    const record: DecisionRecord = {
      ...decision,
      id: ++this.#lastId,
      time: this.#clock.wall(),
      isAdvice,
      sentence: sentenceOf(decision, before, isAdvice),
      before,
      count: 1,
      outcome: undefined,
    };
    this.#keep(record);
    if (!isAdvice) this.#open(record, pending);
    this.#listener.decided(record);
  }

  /** Each observation of each stage, for the outcomes. */
  observed(observation: StageObservation): void {
    const pending = this.#pending.get(observation.stage);
    if (pending?.watch === undefined) return;
    const { id, outcome } = pending.watch;
    const found = outcome.add(observation);
    if (found === undefined) return;
    pending.watch = undefined;
    this.#end(id, found);
  }

  /** Oldest first. */
  list({ kind, stage, limit = KEPT_DECISIONS }: DecisionFilter = {}): readonly DecisionRecord[] {
    const found = this.#records.filter(
      (record) => (kind === undefined || record.kind === kind) && (stage === undefined || record.stage === stage),
    );
    return limit > 0 ? found.slice(-limit) : [];
  }

  #open(record: DecisionRecord, pending: Pending): void {
    if (record.kind === 'trim' || record.kind === 'trial') {
      pending[record.kind] = record;
      return;
    }
    if (pending.watch !== undefined) this.#end(pending.watch.id, pending.watch.outcome.overtakenBy(record.id));
    pending.watch = { id: record.id, outcome: new OutcomeWatch(record.expected) };
    pending.trim = pending.trial = undefined;
  }

  /** @returns whether an open entry stands for this decision now */
  #collapse(decision: Decision<AnyKnob>, pending: Pending): boolean {
    if (decision.kind !== 'trim' && decision.kind !== 'trial') return false;
    const open = pending[decision.kind];
    if (open === undefined || decision.at - open.at > COLLAPSED_FOR_MS) return false;
    const changes = decision.kind === 'trim' ? joined(open.changes, decision.changes) : decision.changes;
    const { reason, evidence, expected } = decision;
    const merged = { ...open, changes, reason, evidence, expected, count: open.count + 1 };
    const record = { ...merged, sentence: `${sentenceOf(merged, open.before, false)} (${merged.count} in all)` };
    pending[decision.kind] = record;
    this.#replace(record);
    return true;
  }

  #end(id: number, outcome: Outcome): void {
    const record = this.#records.find((each) => each.id === id);
    if (record === undefined) return; // pushed out meanwhile
    const ended = { ...record, outcome };
    this.#replace(ended);
    this.#listener.ended(ended);
  }

  #keep(record: DecisionRecord): void {
    this.#records.push(record);
    if (this.#records.length > KEPT_DECISIONS) this.#records.shift();
  }

  #replace(record: DecisionRecord): void {
    const index = this.#records.findIndex(({ id }) => id === record.id);
    if (index >= 0) this.#records[index] = record;
  }

  #pendingOf(stage: string): Pending {
    let pending = this.#pending.get(stage);
    if (pending === undefined) {
      pending = { watch: undefined, trim: undefined, trial: undefined };
      this.#pending.set(stage, pending);
    }
    return pending;
  }
}

/** One change per knob, from where the first began to where the last ended. */
function joined(first: readonly KnobChange<AnyKnob>[], then: readonly KnobChange<AnyKnob>[]): KnobChange<AnyKnob>[] {
  const byKnob = new Map(first.map((change) => [change.knob, change]));
  for (const { knob, from, to } of then) byKnob.set(knob, { knob, from: byKnob.get(knob)?.from ?? from, to });
  const net = [...byKnob.values()].filter(({ from, to }) => from !== to);
  return net.length > 0 ? net : [...then];
}
