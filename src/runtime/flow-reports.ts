/** Gathers what the arbiter and the weights look at, over their slow periods. */

import type { StageObservation } from '../control/observation.ts';
import type { StageSettings } from '../control/settings.ts';
import { WORK_CLASSES, type Weights, type WorkClass } from '../control/work-class.ts';
import type { ArbiterInput } from '../tuning/arbiter/arbiter.ts';
import type { CallCost } from '../tuning/arbiter/call-cost.ts';
import type { FlowGraph } from '../tuning/arbiter/flow-graph.ts';
import { ReportBuilder } from '../tuning/arbiter/stage-report.ts';

/** Of one source since the start of the run. */
export interface SourceTotals {
  readonly name: string;
  readonly accepted: number;
  /** Time in which the flow held it back, ms. */
  readonly heldMs: number;
}

/** Of the flow since the start of the run. */
export interface FlowTotals {
  readonly confirmed: number;
  readonly sources: readonly SourceTotals[];
}

export function totalsOf(
  { confirmedEvents: confirmed }: { readonly confirmedEvents: number },
  ingests: readonly { totals(): SourceTotals }[],
): FlowTotals {
  return { confirmed, sources: ingests.map((ingest) => ingest.totals()) };
}

/** A source held back for less of the time was not held: it waited for the next turn. */
const HELD = 0.05;
const BUSY = 0.85;

export class FlowReports {
  readonly #graph: FlowGraph;
  readonly #builders: ReadonlyMap<string, ReportBuilder>;
  readonly #heldMs: Record<WorkClass, number> = { computation: 0, io: 0, network: 0 };
  #pricedMs = 0;
  #last: { readonly at: number; readonly totals: FlowTotals } | undefined;

  constructor(graph: FlowGraph) {
    this.#graph = graph;
    this.#builders = new Map(graph.stages.map(({ name }) => [name, new ReportBuilder(name)]));
  }

  /** The run begins. */
  start(at: number, totals: FlowTotals): void {
    this.#last ??= { at, totals };
  }

  /** @param isLimited - whether a stage has all the calls that it may have */
  add(
    observations: readonly StageObservation[],
    settingsOf: (stage: string) => StageSettings,
    isLimited: (stage: string) => boolean,
  ): void {
    const holding = new Set<WorkClass>();
    let durationMs = 0;
    for (const observation of observations) {
      const settings = settingsOf(observation.stage);
      this.#builders.get(observation.stage)?.add(observation, settings);
      durationMs = Math.max(durationMs, observation.durationMs);
      const work = this.#graph.stages.find(({ name }) => name === observation.stage)?.work;
      const hasMore =
        observation.backlogEvents > settings.concurrency * settings.batchLimit || observation.fullRatio > 0;
      if (work !== undefined && observation.busyRatio >= BUSY && hasMore && isLimited(observation.stage))
        holding.add(work);
    }
    for (const work of holding) this.#heldMs[work] += durationMs;
    this.#pricedMs += durationMs;
  }

  /** What calls cost, by stage, as of now. */
  costs(): Readonly<Record<string, CallCost>> {
    return Object.fromEntries([...this.#builders].map(([stage, { cost }]) => [stage, cost]));
  }

  /** Share of time in which a stage of each class held the flow up for want of calls; begins anew. */
  takePrices(): Weights {
    const priced = this.#pricedMs;
    const price = (work: WorkClass): number => (priced > 0 ? this.#heldMs[work] / priced : 0);
    const prices = { computation: price('computation'), io: price('io'), network: price('network') };
    for (const work of WORK_CLASSES) this.#heldMs[work] = 0;
    this.#pricedMs = 0;
    return prices;
  }

  /** What happened since the last call; begins anew. */
  take(
    at: number,
    totals: FlowTotals,
    observations: readonly StageObservation[],
    settingsOf: (stage: string) => StageSettings,
  ): ArbiterInput {
    const stages = observations.flatMap((observation) => {
      const builder = this.#builders.get(observation.stage);
      return builder === undefined ? [] : [builder.take(observation, settingsOf(observation.stage))];
    });
    const before = this.#last;
    this.#last = { at, totals };
    const elapsedMs = before === undefined ? 0 : at - before.at;
    const perSecond = (events: number): number => (elapsedMs > 0 ? (events / elapsedMs) * 1000 : 0);
    const sources = totals.sources.map(({ name, accepted, heldMs }, i) => ({
      source: name,
      perSecond: perSecond(accepted - (before?.totals.sources[i]?.accepted ?? 0)),
      isHeld: heldMs - (before?.totals.sources[i]?.heldMs ?? 0) > HELD * elapsedMs,
    }));
    const fed = new Set(this.#graph.stages.flatMap(({ inputs }) => inputs));
    const ends = stages.filter(({ stage }) => !fed.has(stage)).flatMap(({ p95Ms }) => p95Ms ?? []);
    const figures = {
      at,
      throughput: perSecond(totals.confirmed - (before?.totals.confirmed ?? 0)),
      isHeld: sources.some(({ isHeld }) => isHeld),
      p95Ms: ends.length === 0 ? undefined : Math.max(...ends),
    };
    return { figures, stages, sources };
  }
}
