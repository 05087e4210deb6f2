/** The spills of a run: opened before the first event, each in a directory of its own. */

import type { SinkOptions, StageOptions } from '../../../flow/graph.ts';
import { DEFAULT_SPILL_BYTES, replaysAll, spillingStages } from '../../../flow/spilling.ts';
import type { Plan } from '../../../flow/plan.ts';
import type { Checkpoint, SpillPosition } from '../../../state/checkpoint.ts';
import { StateError } from '../../../state/stored.ts';
import { Spill, type SpillEnvironment } from './spill.ts';
import { eventsIn, isCopy } from './spill-record.ts';
import type { SpillLog, SpillStore } from './spill-store.ts';

export type Spills = ReadonlyMap<string, Spill>;

export interface SpillsRequest {
  readonly plan: Plan;
  /** The flow's directory. */
  readonly data: string;
  /** From which the run goes on. */
  readonly checkpoint: Checkpoint | undefined;
}

const MB = 1024 * 1024;
/** Room is given back by whole segments: a sixteenth of the bound at a time. */
const SEGMENTS = 16;
const LARGEST_RECORD = 256 * MB;

/** @throws StateError where the checkpoint has events on disk for a stage that does not spill any more */
export async function openSpills(
  { plan, data, checkpoint }: SpillsRequest,
  environment: SpillEnvironment,
  store: SpillStore,
): Promise<Spills> {
  const stages = spillingStages(plan);
  for (const [stage, { events }] of checkpoint?.spills ?? []) {
    if (events === 0 || stages.some(({ name }) => name === stage)) continue;
    throw new StateError(
      `${events} events of stage ${stage} are still on disk: run it with whenSlow: 'spill' until they are done, or use another data directory`,
    );
  }
  const spills = new Map<string, Spill>();
  try {
    for (const [i, { name, options }] of stages.entries()) {
      const maxBytes = spillBytes(options);
      const log = await store.open(`${data}/spill/${name}`, {
        segmentBytes: Math.max(MB, Math.floor(maxBytes / SEGMENTS)),
        recordBytes: LARGEST_RECORD,
        reserveBytes: Math.min(16 * MB, Math.floor(maxBytes / SEGMENTS)),
      });
      const from = await standing(log, checkpoint?.spills?.get(name), replaysAll(plan));
      const index = plan.sources.length + i;
      spills.set(name, new Spill({ stage: name, index, log, store, maxBytes, from }, environment));
    }
  } catch (cause) {
    for (const spill of spills.values()) await spill.close();
    throw cause;
  }
  return spills;
}

function spillBytes({ spill }: StageOptions & Pick<SinkOptions, 'spill'>): number {
  return spill?.bytes ?? DEFAULT_SPILL_BYTES;
}

/** What came after the checkpoint comes again from the sources, or is read from here. */
async function standing(log: SpillLog, kept: SpillPosition | undefined, comesAgain: boolean): Promise<SpillPosition> {
  const { last, acknowledged } = log.stats;
  const before = kept ?? { through: acknowledged, read: acknowledged, skipped: [], events: 0, bytes: 0 };
  if (last < before.through) {
    throw new StateError(
      `${log.directory} ends at record ${last}, the checkpoint at ${before.through}: it is not the directory of that run. Restore it, or begin anew with another one.`,
    );
  }
  if (last === before.through) return before;
  if (comesAgain) return { ...before, through: last, skipped: [...before.skipped, [before.through + 1, last]] };
  let { events, bytes } = before;
  for await (const batch of log.read({ from: before.through + 1, follow: false })) {
    for (let i = 0; i < batch.length; i += 1) {
      const record = batch.payload(i);
      if (isCopy(record)) continue;
      events += eventsIn(record);
      bytes += record.length;
    }
  }
  return { ...before, through: last, events, bytes };
}
