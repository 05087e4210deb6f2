/** Records that were durable once and can no longer be read. */
export interface Damage {
  /** Name of the file. */
  readonly segment: string;
  /** Where the first unreadable byte lies. */
  readonly offset: number;
  /** Sequences that are lost, both inclusive. */
  readonly first: number;
  readonly last: number;
  /** Where record `last + 1` begins in the same file; null when it is not in it. */
  readonly resumesAt: number | null;
  readonly reason: string;
}

/** How many records. */
export function lostRecords(damages: readonly Damage[]): number {
  return damages.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** One line: what, where, why. */
export function describeDamage({ segment, offset, first, last, reason }: Damage): string {
  const which = first === last ? `record ${first}` : `records ${first} to ${last}`;
  return `${which} in ${segment} from byte ${offset} on: ${reason}`;
}
