import type { Child } from '../harness/index.ts';
import type { ToLoad } from './protocol.ts';
import type { Row } from './row.ts';

/** Rows in one message, and messages asked for ahead: enough that the flow never waits for the load. */
const MESSAGE_ROWS = 256;
const AHEAD = 8;

/** Rows of another process, which always has more, in small chunks until `stop`. */
export class Load {
  made = 0;
  readonly #child: Child;
  readonly #chunk: number;
  #isStopped = false;

  /** @param chunk - rows that the flow gets at once */
  constructor(child: Child, chunk: number) {
    this.#child = child;
    this.#chunk = chunk;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async *chunks(): AsyncGenerator<Row[]> {
    let asked = 0;
    let answered = 0;
    try {
      while (!this.#isStopped) {
        for (; asked < answered + AHEAD; asked += 1) this.#ask(asked * MESSAGE_ROWS);
        const rows = (await this.#child.next()) as Row[];
        answered += 1;
        yield* this.#cut(rows);
      }
    } finally {
      for (; answered < asked; answered += 1) await this.#child.next();
    }
  }

  *#cut(rows: readonly Row[]): Generator<Row[]> {
    for (let start = 0; start < rows.length && !this.#isStopped; start += this.#chunk) {
      const chunk = rows.slice(start, start + this.#chunk);
      const at = performance.now();
      for (const row of chunk) row.at = at;
      this.made += chunk.length;
      yield chunk;
    }
  }

  #ask(from: number): void {
    this.#child.send({ from, count: MESSAGE_ROWS } satisfies ToLoad);
  }
}
