/**
 * Which threads of this process have ended: what they held, nobody holds. Said by the thread that had started them,
 * known to every thread that it starts afterwards.
 */

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const KEY = 'daoflow.ended-threads';

/** Only for a thread whose exit was seen: its number is never used again. */
export function threadEnded(threadId: number): void {
  setEnvironmentData(KEY, [...endedThreads(), threadId]);
}

export function hasEnded(threadId: number): boolean {
  return endedThreads().includes(threadId);
}

function endedThreads(): readonly number[] {
  const known = getEnvironmentData(KEY);
  return Array.isArray(known) ? (known as readonly number[]) : [];
}
