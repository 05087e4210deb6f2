import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Sink } from '../../event/sink.ts';
import type { DeadLetterPlace, SinkNode } from '../../flow/graph.ts';
import type { Plan } from '../../flow/plan.ts';
import type { Host } from '../host.ts';

export const DEAD_LETTERS = 'dead-letters';

/**
 * The sink of dead letters as a node beside the plan: where the run says, else the flow, else in its data directory.
 * One that fails stops the run: there is nowhere left to put what fails.
 */
export function deadLetterNode(
  plan: Plan,
  place: DeadLetterPlace | undefined,
  data: string | undefined,
  host: Pick<Host, 'deadLetterLog'>,
): SinkNode | undefined {
  const sink = sinkAt(place, data, host);
  if (sink === undefined) return undefined;
  const options = { name: DEAD_LETTERS, whenFailing: 'stop' } as const;
  const input = { node: plan.sources[0]?.node as never, port: 0 };
  return { kind: 'sink', name: DEAD_LETTERS, sink, options, input };
}

function sinkAt(
  place: DeadLetterPlace | undefined,
  data: string | undefined,
  host: Pick<Host, 'deadLetterLog'>,
): Sink<DeadLetter> | undefined {
  if (place !== undefined) return 'path' in place ? host.deadLetterLog(place.path) : place;
  return data === undefined ? undefined : host.deadLetterLog(`${data}/dead-letters`);
}
