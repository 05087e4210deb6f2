import { CollectorOutput } from '../collector-output.ts';
import type { RowProgram, Rows, WindowFrame } from './rows.ts';

/** Ports of a window: results, and events that came too late for every window of theirs. */
export const WINDOW_PORTS: readonly string[] = ['main', 'late'];
const [RESULTS, LATE] = [0, 1] as const;

/** What a window hands on, and what it counts. A result that cannot be made costs that result only. */
export class WindowOutput extends CollectorOutput {
  /** Events handed to port 1. */
  late = 0;
  /** Results with revision > 0. */
  revised = 0;
  /** Events refused because a bound was reached; each was thrown, so it was dead-lettered. */
  refused = 0;

  /** Emits the result of a row. */
  emit(program: RowProgram, rows: Rows, row: number, frame: WindowFrame): void {
    if (frame.revision > 0) this.revised += 1;
    try {
      this.put(RESULTS, program.result(rows, row, frame));
    } catch (cause) {
      this.failIn(frame, cause);
    }
  }

  emitLate(event: unknown): void {
    this.late += 1;
    this.put(LATE, event);
  }

  /** Reports a result that could not be put together. */
  failIn(frame: WindowFrame, cause: unknown): void {
    this.fail({ event: { ...frame }, key: frame.key, cause });
  }

  /** A bound is reached: throws, and the event is dead-lettered with this message. */
  refuse(message: string): never {
    this.refused += 1;
    throw new RangeError(message);
  }
}
