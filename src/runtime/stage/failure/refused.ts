/** What becomes of the events of a call that were refused. */

import type { Taken } from '../../../buffer/edge.ts';
import { ConnectorError } from '../../../errors/errors.ts';
import { deadLetterEvent, type StageEnvironment } from '../stage.ts';

/** By index in the call: why. */
export type Refused = ReadonlyMap<number, unknown>;

/** A target that answers and will have none of them, not one by one either: it is the declaration that is wrong. */
export function isHopeless(refused: Refused, { events }: Taken): boolean {
  const [first] = refused.values();
  return refused.size === events.length && first instanceof ConnectorError && first.aboutEvents;
}

/** @param stage - its name */
export function deadLetterRefused(
  { events, parts }: Taken,
  refused: Refused,
  stage: string,
  environment: StageEnvironment,
): void {
  let next = 0;
  for (const { origin, events: count } of parts) {
    for (const end = next + count; next < end; next += 1) {
      if (refused.has(next)) deadLetterEvent(events[next], origin, stage, refused.get(next), environment);
    }
  }
}
