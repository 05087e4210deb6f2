/** `daoflow demo` */

import { performance } from 'node:perf_hooks';
import { EXIT } from '../exit-code.ts';
import type { DemoCommandOptions } from '../command-options.ts';
import { Session } from '../session.ts';
import { watchSignals } from '../signals.ts';
import { DemoFace } from './face.ts';
import { HEALTHY } from './database.ts';
import { DemoScript } from './script.ts';
import { START_RATE } from './search.ts';

const DEFAULT_DURATION_MS = 55_000;

/** @returns the exit code */
export async function demo(options: DemoCommandOptions): Promise<number> {
  const startedMs = performance.now();
  const script = new DemoScript({ durationMs: options.duration ?? DEFAULT_DURATION_MS, fixedRate: options.rate });
  const face = new DemoFace(options, script.search, startedMs);
  const session = new Session({
    task: {
      kind: 'demo',
      load: { ...HEALTHY, ratePerSecond: Math.min(START_RATE, options.rate ?? START_RATE) },
      generateCode: options.codegen,
    },
    reporter: () => face,
    onMessage: (message) => {
      if (message.type !== 'snapshot' || session.isDraining) return;
      const step = script.step(message.snapshot);
      face.stepped(step, message.snapshot, performance.now() - startedMs);
      session.plane.setLoad({ ...step.conditions, ratePerSecond: step.rate });
      if (step.isOver) session.drain();
    },
  });
  let interrupts = 0;
  const unwatch = watchSignals(({ count }) => {
    interrupts = count;
    if (count === 1) session.drain();
    else session.stop();
  });
  const end = await session.ended;
  unwatch();
  if (end.kind === 'summary') return EXIT.done;
  return interrupts > 1 ? EXIT.interrupted : EXIT.failed;
}
