import type { Scheduler } from '../time/clock.ts';

/** Resolves after `delayMs`, or at once when the signal is aborted. Leaves no listener behind. */
export function pause(scheduler: Scheduler, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = scheduler.after(delayMs, done);
    signal?.addEventListener('abort', done);
  });
}

/** Calls `task` when the signal aborts, at once when it already has. @returns a way to forget it again */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  if (signal.aborted) {
    task();
    return () => undefined;
  }
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}
