import type { EmitFailure } from '../operator.ts';
import type { RowProgram, Rows, WindowFrame } from './rows.ts';

/** Ports of a window: results, and events that came too late for every window of theirs. */
export const WINDOW_PORTS: readonly string[] = ['main', 'late'];

/** What a window hands on, and what it counts. A result that cannot be made costs that result only. */
export class WindowOutput {
  /** Events handed to port 1. */
  late = 0;
  /** Results with revision > 0. */
  revised = 0;
  /** Events refused because a bound was reached; each was thrown, so it was dead-lettered. */
  refused = 0;
  #results: unknown[] | undefined;
  #lateEvents: unknown[] | undefined;
  #failures: EmitFailure[] | undefined;

  /** Emits the result of a row. */
  emit(program: RowProgram, rows: Rows, row: number, frame: WindowFrame): void {
    if (frame.revision > 0) this.revised += 1;
    try {
      const result = program.result(rows, row, frame);
      (this.#results ??= []).push(result);
    } catch (cause) {
      (this.#failures ??= []).push({ event: { ...frame }, key: frame.key, cause });
    }
  }

  emitLate(event: unknown): void {
    this.late += 1;
    (this.#lateEvents ??= []).push(event);
  }

  /** Reports a result that could not be put together. */
  fail(frame: WindowFrame, cause: unknown): void {
    (this.#failures ??= []).push({ event: { ...frame }, key: frame.key, cause });
  }

  /** A bound is reached: throws, and the event is dead-lettered with this message. */
  refuse(message: string): never {
    this.refused += 1;
    throw new RangeError(message);
  }

  get isEmpty(): boolean {
    return this.#results === undefined && this.#lateEvents === undefined && this.#failures === undefined;
  }

  take(port: number): unknown[] | undefined {
    const taken = port === 0 ? this.#results : this.#lateEvents;
    if (port === 0) this.#results = undefined;
    else this.#lateEvents = undefined;
    return taken;
  }

  takeFailures(): EmitFailure[] | undefined {
    const taken = this.#failures;
    this.#failures = undefined;
    return taken;
  }
}
