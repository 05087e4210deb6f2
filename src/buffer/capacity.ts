/** What the machine offers, as the host layer tells it. */
export interface Parallelism {
  /** What the process may use at once. */
  readonly availableParallelism: number;
  /** CPUs of the machine. */
  readonly cpus: number;
}

const EVENTS_PER_PARALLELISM = 1000;
const EVENTS_PER_CPU = 2000;

/**
 * Capacity of an edge, in events, before anything has been measured: the guide's
 * `min(GOMAXPROCS * 1000, NumCPU * 2000)`, which on Node is 1000 per unit of available parallelism
 * unless that is more than twice the CPUs. A host that tells neither counts as one CPU.
 */
export function coldStartCapacity({ availableParallelism, cpus }: Parallelism): number {
  return Math.min(atLeastOne(availableParallelism) * EVENTS_PER_PARALLELISM, atLeastOne(cpus) * EVENTS_PER_CPU);
}

function atLeastOne(count: number): number {
  return count >= 1 ? Math.floor(count) : 1; // also where it is NaN
}
