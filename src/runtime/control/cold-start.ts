import { within } from '../../control/goal.ts';
import type { StageSettings } from '../../control/settings.ts';
import type { ControlledNode, ControlledStage } from './controlled-stage.ts';

/** Bound of an edge in bytes before anything is measured: a few thousand events of ordinary size. */
const EDGE_BYTES = 16 * 1024 * 1024;
/** A call this large amortises any fixed cost and is still confirmed as one. */
const SINK_BATCH = 1024;
const ASYNC_BATCH = 256;
/** Calls in flight where nothing tunes them: enough to hide one round trip, few enough not to hurt an unknown target. */
const CALLS = 4;
/** Events in flight where each event is a call of its own. */
const EACH_CALLS = 64;
/**
 * Where the solver begins: its sweep grows the batch at one call in flight, then calls in flight. A large batch
 * limit takes nothing that is not there, and starting at one event per call costs a second of throughput.
 */
const FIRST_CALLS = 1;
const FIRST_EACH_CALLS = 8;
/** A rate limit hands out so many milliseconds' worth at a time. */
const PACED_MS = 10;

/**
 * What a stage starts with, and keeps where nothing tunes it: sane values, within its bounds.
 * @param moves - tuning will move them
 */
export function coldStart(
  node: ControlledNode,
  { bounds, isTuned }: ControlledStage,
  edgeEvents: number,
  moves: boolean,
): StageSettings {
  const { batch, calls } = defaults(node, moves && isTuned);
  const batchLimit = within(bounds.batchLimit, batch);
  const concurrency = within(bounds.concurrency, calls);
  return {
    batchLimit,
    concurrency,
    burstConcurrency: concurrency,
    burstAgeMs: 0,
    lingerMs: within(bounds.lingerMs, 0),
    minGapMs: 0,
    edgeEvents: within(bounds.edgeEvents, Math.max(edgeEvents, 2 * batchLimit)),
    edgeBytes: within(bounds.edgeBytes, EDGE_BYTES),
  };
}

function defaults(node: ControlledNode, moves: boolean): { batch: number; calls: number } {
  const several = moves ? FIRST_CALLS : CALLS;
  if (node.kind === 'sink') return { batch: SINK_BATCH, calls: several };
  switch (node.stage.kind) {
    case 'mapAsync':
      return { batch: 1, calls: moves ? FIRST_EACH_CALLS : EACH_CALLS };
    case 'mapBatch':
      return { batch: ASYNC_BATCH, calls: several };
    case 'rateLimit':
      return { batch: Math.max(1, Math.floor((node.stage.perSecond * PACED_MS) / 1000)), calls: 1 };
  }
}
