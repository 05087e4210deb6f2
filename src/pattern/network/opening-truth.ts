import type { EventTruth } from '../matcher.ts';

/** What is known of an event that has opened a partial match. */
export class OpeningTruth implements EventTruth {
  predicate = -1;

  holds(predicate: number): boolean {
    return predicate === this.predicate;
  }
}
