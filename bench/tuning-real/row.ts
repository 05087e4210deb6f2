/** What is written: rows of one chunk share their moment. */
export interface Row {
  readonly id: number;
  /** When the flow asked for it, ms of `performance.now()`: with a full queue in front, the moment of acceptance. */
  readonly at: number;
  readonly name: string;
  readonly amount: number;
}

/** As many as are taken, in small chunks, until `stop`. */
export class Rows {
  made = 0;
  #isStopped = false;
  readonly #chunk: number;

  constructor(chunk: number) {
    this.#chunk = chunk;
  }

  stop(): void {
    this.#isStopped = true;
  }

  *chunks(): Generator<Row[]> {
    while (!this.#isStopped) {
      const at = performance.now();
      yield Array.from({ length: this.#chunk }, () => this.#row(at));
    }
  }

  #row(at: number): Row {
    const id = this.made;
    this.made += 1;
    return { id, at, name: `customer ${id % 1000}`, amount: (id % 997) / 4 };
  }
}
