import { within } from '../control/goal.ts';
import type { StageSettings } from '../control/settings.ts';
import type { PlannedStage } from '../flow/plan.ts';
import type { ControlledStage } from './controlled-stage.ts';

/** Bound of an edge in bytes before anything is measured: a few thousand events of ordinary size. */
const EDGE_BYTES = 16 * 1024 * 1024;
/** A call this large amortises any fixed cost and is still confirmed as one. */
const SINK_BATCH = 1024;
const ASYNC_BATCH = 256;
/** Calls in flight: enough to hide one round trip, few enough not to hurt an unknown target. */
const CALLS = 4;
/** Events in flight where each event is a call of its own. */
const EACH_CALLS = 64;
/** A rate limit hands out so many milliseconds' worth at a time. */
const PACED_MS = 10;

/** What a stage starts with, and keeps where nothing tunes it: sane values, within its bounds. */
export function coldStart(
  { node }: Pick<PlannedStage, 'node'>,
  { bounds }: ControlledStage,
  edgeEvents: number,
): StageSettings {
  const { batch, calls } = defaults(node);
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

function defaults(node: PlannedStage['node']): { batch: number; calls: number } {
  if (node.kind === 'sink') return { batch: SINK_BATCH, calls: CALLS };
  switch (node.stage.kind) {
    case 'mapAsync':
      return { batch: 1, calls: EACH_CALLS };
    case 'mapBatch':
      return { batch: ASYNC_BATCH, calls: CALLS };
    case 'rateLimit':
      return { batch: Math.max(1, Math.floor((node.stage.perSecond * PACED_MS) / 1000)), calls: 1 };
  }
}
