import { ConfigError } from '../errors/errors.ts';
import type { LearnedStore } from '../flow/run.ts';

/** @throws ConfigError unless it is a path, a store, or left out */
export function checkLearned(learned: string | LearnedStore | undefined, path: string): void {
  if (learned === undefined || typeof learned === 'string') return;
  const store = learned as Partial<LearnedStore> | null; // types may not be checked where it comes from
  if (typeof store?.read === 'function' && typeof store.write === 'function') return;
  throw new ConfigError(path, 'a path or a store with read and write', learned);
}
