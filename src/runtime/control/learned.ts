/**
 * What tuning has found, kept between runs: the next run begins where this one ended, instead of cold.
 *
 * Invariants (learned.test.ts)
 * - Never trusted: a stage that is not the same (another target, limit, goal or p95) starts cold, values are cut to
 *   what may be now, and the solver measures them like any other start.
 * - A file that cannot be read, or is not ours, is a notice and a cold start; one that cannot be written is a notice.
 * - A stage that did nothing lately keeps what was known of it.
 */

import { within, type KnobBounds, type TuningGoal } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { Settings } from '../../control/settings.ts';
import { messageOf } from '../../errors/errors.ts';
import type { LearnedStore } from '../../flow/run.ts';
import type { Scheduler, Timer } from '../../time/clock.ts';
import type { ControlledNode, ControlledStage } from './controlled-stage.ts';

export interface LearnedOptions {
  readonly flow: string;
  readonly store: LearnedStore;
  readonly stages: readonly ControlledStage[];
  /** By stage: what must be the same for a value to mean the same. */
  readonly keys: ReadonlyMap<string, string>;
  readonly settings: Settings;
  readonly boundsOf: (stage: ControlledStage) => KnobBounds;
  readonly observations: () => readonly StageObservation[];
  readonly scheduler: Scheduler;
  readonly notice: (level: 'info' | 'warn', message: string) => void;
}

/** Of one stage. */
interface LearnedStage {
  readonly key: string;
  readonly batchLimit: number;
  readonly concurrency: number;
}

const VERSION = 1;
const SAVE_EVERY_MS = 60_000;

export class Learned {
  readonly #options: LearnedOptions;
  #known: Readonly<Record<string, LearnedStage>> = {};
  #timer: Timer | undefined;
  #hasFailed = false;

  constructor(options: LearnedOptions) {
    this.#options = options;
  }

  /** Reads what is known and sets it; then saves every minute. */
  async begin(): Promise<void> {
    const { store, stages, notice } = this.#options;
    try {
      const text = await store.read();
      this.#known = text === undefined ? {} : parsed(text, this.#options.flow);
    } catch (cause) {
      notice('warn', `what earlier runs learned cannot be used, starting cold: ${messageOf(cause)}`);
    }
    for (const stage of stages) this.#recall(stage);
    this.#saveLater();
  }

  async end(): Promise<void> {
    this.#timer?.cancel();
    await this.#save();
  }

  #recall(stage: ControlledStage): void {
    const { settings, boundsOf, keys } = this.#options;
    const known = Object.hasOwn(this.#known, stage.name) ? this.#known[stage.name] : undefined;
    if (known === undefined || known.key !== keys.get(stage.name) || !stage.isTuned) return;
    const bounds = boundsOf(stage);
    const batchLimit = within(bounds.batchLimit, known.batchLimit);
    const concurrency = within(bounds.concurrency, known.concurrency);
    const edgeEvents = within(bounds.edgeEvents, Math.max(settings.get(stage.name).edgeEvents, 2 * batchLimit));
    settings.update(stage.name, { batchLimit, concurrency, burstConcurrency: concurrency, edgeEvents });
  }

  #saveLater(): void {
    this.#timer = this.#options.scheduler.after(SAVE_EVERY_MS, () => {
      this.#saveLater();
      void this.#save();
    });
  }

  async #save(): Promise<void> {
    const { flow, store, notice } = this.#options;
    this.#known = { ...this.#known, ...this.#found() };
    try {
      await store.write(`${JSON.stringify({ version: VERSION, flow, stages: this.#known }, undefined, 2)}\n`);
    } catch (cause) {
      if (!this.#hasFailed) notice('warn', `what this run learned cannot be kept: ${messageOf(cause)}`);
      this.#hasFailed = true;
    }
  }

  #found(): Record<string, LearnedStage> {
    const { stages, settings, keys, observations } = this.#options;
    const working = new Set(observations().flatMap(({ stage, done }) => (done > 0 ? [stage] : [])));
    const found = stages.filter(({ name, isTuned }) => isTuned && working.has(name));
    return Object.fromEntries(
      found.map(({ name }) => {
        const { batchLimit, concurrency } = settings.get(name);
        return [name, { key: keys.get(name) ?? '', batchLimit, concurrency }];
      }),
    );
  }
}

/** What makes two stages comparable, in words: "sink postgres, at most 500 x 16, balanced 30 ms". */
export function learnedKey(
  node: ControlledNode,
  { bounds }: ControlledStage,
  { goal, p95Ms }: { readonly goal: TuningGoal; readonly p95Ms: number },
): string {
  const what = node.kind === 'sink' ? `sink ${node.sink.name}` : node.stage.kind;
  return `${what}, at most ${bounds.batchLimit.max} x ${bounds.concurrency.max}, ${goal} ${p95Ms} ms`;
}

/** @throws Error that says what is wrong with it */
function parsed(text: string, flow: string): Record<string, LearnedStage> {
  const file = JSON.parse(text) as { version?: unknown; flow?: unknown; stages?: unknown } | null;
  if (file?.version !== VERSION) throw new Error(`it is not of version ${VERSION}`);
  if (file.flow !== flow) throw new Error(`it is of another flow, ${String(file.flow)}`);
  const stages = Object.entries((file.stages ?? {}) as Record<string, Partial<LearnedStage> | null>);
  if (!stages.every(([, stage]) => isLearned(stage))) throw new Error('it has values that are none');
  return Object.fromEntries(stages) as Record<string, LearnedStage>;
}

function isLearned(stage: Partial<LearnedStage> | null): boolean {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
  return typeof stage?.key === 'string' && isCount(stage.batchLimit) && isCount(stage.concurrency);
}
