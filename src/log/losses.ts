/** Losses that somebody has accepted: a reader passes over them, and nothing else. Kept as JSON, for people. */

import { writeAll, readBytes, type FileSystem } from './file-system.ts';
import type { Damage } from './damage.ts';

const NAME = 'accepted-losses.json';

export async function readLosses(fileSystem: FileSystem, directory: string): Promise<readonly Damage[]> {
  if (!(await fileSystem.list(directory)).includes(NAME)) return [];
  const file = await fileSystem.open(`${directory}/${NAME}`, 'read');
  try {
    const text = new TextDecoder().decode(await readBytes(file, 0, await file.size()));
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isDamage) : [];
  } catch {
    return []; // unreadable: the damage is then reported again, never passed over
  } finally {
    await file.close();
  }
}

/** Replaces them, durably. */
export async function writeLosses(fileSystem: FileSystem, directory: string, losses: readonly Damage[]): Promise<void> {
  const draft = `${directory}/${NAME}.tmp`;
  await fileSystem.remove(draft);
  const file = await fileSystem.open(draft, 'create');
  try {
    await writeAll(file, new TextEncoder().encode(`${JSON.stringify(losses, null, 1)}\n`), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(draft, `${directory}/${NAME}`);
  await fileSystem.syncDirectory(directory);
}

function isDamage(value: unknown): value is Damage {
  if (typeof value !== 'object' || value === null) return false;
  const { segment, offset, first, last, resumesAt, reason } = value as Record<string, unknown>;
  return (
    typeof segment === 'string' &&
    typeof reason === 'string' &&
    [offset, first, last].every((number) => Number.isSafeInteger(number)) &&
    (resumesAt === null || Number.isSafeInteger(resumesAt))
  );
}
