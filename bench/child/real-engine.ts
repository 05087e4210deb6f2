/** The engine of the tuning-real bench, in a process of its own; the load is another one. Messages: tuning-real/protocol.ts. */

import { startChild } from '../harness/index.ts';
import type { FromEngine, ToEngine } from '../tuning-real/protocol.ts';
import { Session } from '../tuning-real/session.ts';

const LIMIT_MS = 4 * 3_600_000;

const load = startChild('real-load', { limitMs: LIMIT_MS });
let session: Session | undefined;

process.on('message', (message: ToEngine) => {
  void answer(message).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ kind: 'failed', message: String(error) } satisfies FromEngine),
  );
});
process.on('disconnect', () => process.exit(0));

async function answer(message: ToEngine): Promise<FromEngine> {
  if (message.kind === 'begin') {
    session = new Session(message.run, load);
    return { kind: 'begun' };
  }
  if (session === undefined) throw new Error(`no run has begun that could answer ${message.kind}`);
  if (message.kind === 'callMs') return { kind: 'callMs', ms: session.callMs(message.fromMs, message.toMs) };
  return { kind: 'ended', ended: await session.end() };
}
