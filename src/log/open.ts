/** Takes the lock, recovers, and leaves a log whose files are in order. */

import { isDaoFlowError } from '../errors/errors.ts';
import type { Damage } from './damage.ts';
import { LogDamagedError, LogError } from './errors.ts';
import type { FileLock, FileSystem } from './file-system.ts';
import { Group, groupMemory, type GroupMemory } from './group.ts';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { writeLosses } from './losses.ts';
import type { LogSettings } from './options.ts';
import { checkNewest, checkSealed, type Newest } from './recover.ts';
import { Reserve } from './reserve.ts';
import { SegmentList } from './segment-list.ts';
import { Spares } from './spares.ts';
import { parseSegmentName } from './segment.ts';
import { clip, isAccepted, survey, type Survey } from './survey.ts';

const LOCK = 'lock';
const QUARANTINE = 'quarantine';

/**
 * A writer's first epoch is two above all that are there. One who has lost the lock, and has not noticed, can still
 * give one segment the next epoch: it is then below ours, and known as stale.
 */
const EPOCH_STEP = 2;

export interface OpenedFiles {
  readonly segments: SegmentList;
  readonly losses: readonly Damage[];
  readonly ledger: Ledger;
  readonly entry: LedgerEntry;
  readonly reserve: Reserve;
  readonly spares: Spares;
  readonly lock: FileLock;
  /** Last sequence that is durable in its place. */
  readonly durable: number;
  readonly epoch: number;
  /** To be committed before anything else. */
  readonly tail: Group | undefined;
  /** Files that are no longer needed once the tail is committed. */
  readonly remains: readonly string[];
}

/** @throws LogLockedError, LogDamagedError */
export async function openFiles(
  fileSystem: FileSystem,
  directory: string,
  settings: LogSettings,
): Promise<OpenedFiles> {
  await fileSystem.makeDirectory(directory);
  const lock = await fileSystem.lock(`${directory}/${LOCK}`);
  try {
    return await recovered(fileSystem, directory, settings, lock);
  } catch (error) {
    await lock.release();
    throw isDaoFlowError(error) ? error : new LogError(directory, 'it cannot be opened', error);
  }
}

async function recovered(
  fileSystem: FileSystem,
  directory: string,
  settings: LogSettings,
  lock: FileLock,
): Promise<OpenedFiles> {
  const found = await survey(fileSystem, directory);
  const newest = await checkNewest(fileSystem, directory, found, settings.acceptLoss);
  const sealed = await checkSealed(fileSystem, directory, found, settings.acceptLoss);
  const damages = [...found.damages, ...sealed, ...newest.damages];
  if (damages.length > 0 && !settings.acceptLoss) throw new LogDamagedError(directory, damages);
  const losses = [...found.losses.filter((loss) => !isAccepted(loss, damages)), ...damages];
  if (damages.length > 0) await writeLosses(fileSystem, directory, losses);
  await quarantine(fileSystem, directory, [...found.unreadable, ...found.stale.map(({ name }) => name)]);
  report(found, newest, damages, settings.onEvent);

  const { ledger, found: state } = await Ledger.open(fileSystem, directory);
  const reserve = new Reserve(fileSystem, directory, settings.reserveBytes);
  await reserve.hold();
  const spares = new Spares(fileSystem, directory);
  const memory = groupMemory(fileSystem, settings.intervalMs === null);
  return { ...inOrder(found, newest, losses, memory), losses, ledger, entry: state.entry, reserve, spares, lock };
}

/** The segments as they are now known, and what is left over. */
function inOrder(
  found: Survey,
  { durable, end, tail }: Newest,
  losses: readonly Damage[],
  memory: GroupMemory,
): Pick<OpenedFiles, 'segments' | 'durable' | 'epoch' | 'tail' | 'remains'> {
  const { entry } = found.ledger;
  const newest = found.segments.at(-1);
  if (newest !== undefined) {
    newest.last = Math.max(durable, newest.first - 1);
    newest.end = end;
  }
  for (const segment of found.segments) clip(segment, losses);
  const kept = found.segments.filter(({ last, first }) => last > entry.trimmed && last >= first);
  const gone = found.segments.filter((segment) => !kept.includes(segment));
  const epochs = [...found.sizes.keys()].map((name) => parseSegmentName(name)?.epoch ?? 0);
  return {
    segments: new SegmentList(kept, kept[0]?.follows ?? durable),
    durable,
    epoch: Math.max(entry.epoch, ...epochs) + EPOCH_STEP,
    tail: tail === undefined ? undefined : Group.of(tail.first, tail.count, tail.bytes, memory),
    remains: [...gone, ...found.superseded].map(({ name }) => name).concat(found.leftovers),
  };
}

function report(
  { stale, ledger }: Survey,
  { torn }: Newest,
  damages: readonly Damage[],
  onEvent: LogSettings['onEvent'],
): void {
  if (ledger.state === 'lost') onEvent({ kind: 'ledger-lost' });
  for (const { name } of stale) onEvent({ kind: 'stale-segment', segment: name });
  if (torn !== undefined) onEvent({ kind: 'tail-cut', ...torn });
  if (damages.length > 0) onEvent({ kind: 'loss-accepted', damages });
}

/** Moves files out of the way, where a person can still look at them. */
async function quarantine(fileSystem: FileSystem, directory: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await fileSystem.makeDirectory(`${directory}/${QUARANTINE}`);
  for (const name of names) await fileSystem.rename(`${directory}/${name}`, `${directory}/${QUARANTINE}/${name}`);
  await fileSystem.syncDirectory(`${directory}/${QUARANTINE}`);
  await fileSystem.syncDirectory(directory);
}

/** Removes segments; what somebody may still want to look at is kept aside. */
export async function removeSegments(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
  losses: readonly Damage[],
): Promise<void> {
  if (names.length === 0) return;
  const isDamaged = (name: string): boolean => losses.some(({ segment }) => segment === name);
  await quarantine(fileSystem, directory, names.filter(isDamaged));
  for (const name of names) if (!isDamaged(name)) await fileSystem.remove(`${directory}/${name}`);
  await fileSystem.syncDirectory(directory);
}
