/** What is written. */
export interface Row {
  readonly id: number;
  /** When the flow asked for it, ms of `performance.now()`: with a full queue in front, the moment of acceptance. */
  at: number;
  readonly name: string;
  readonly amount: number;
}

export function rowOf(id: number): Row {
  return { id, at: 0, name: `customer ${id % 1000}`, amount: (id % 997) / 4 };
}
