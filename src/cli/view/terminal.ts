/**
 * Draws frames in place on a terminal, without the alternate screen: the last frame stays.
 *
 * **Invariants** (terminal.test.ts)
 * - Only lines that changed are written, all of a frame in one write.
 * - The cursor is hidden while drawing and shown again by `close`, whatever happens in between.
 */

import { widthOf } from './text.ts';

export interface TerminalOutput {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const ESC = '\u001b[';
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
// Terminals that know it show the frame at once; the others ignore it.
const BEGIN_FRAME = `${ESC}?2026h`;
const END_FRAME = `${ESC}?2026l`;
const ERASE_LINE_END = `${ESC}K`;
const ERASE_BELOW = `${ESC}J`;

const STYLES = /\u001b\[[0-9;]*m/g;

export class Terminal {
  readonly #output: TerminalOutput;
  #drawn: string[] = [];
  #columns: number;
  #isOpen = false;

  constructor(output: TerminalOutput) {
    this.#output = output;
    this.#columns = this.columns;
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  get rows(): number {
    return this.#output.rows ?? 24;
  }

  /** Replaces the frame on the screen. The cursor rests at the start of the line below it. */
  draw(lines: readonly string[]): void {
    const opening = this.#open();
    const wasResized = this.columns !== this.#columns;
    const body = wasResized || lines.length < this.#drawn.length ? this.#redrawn(lines) : this.#changed(lines);
    this.#columns = this.columns;
    this.#drawn = [...lines];
    if (opening + body !== '') this.#output.write(`${opening}${BEGIN_FRAME}${body}${END_FRAME}`);
  }

  /** Writes text above the frame, as a log does; the frame is drawn again below. */
  above(text: string): void {
    const frame = this.#drawn;
    const separator = text.endsWith('\n') || text === '' ? '' : '\n';
    this.#output.write(`${this.#erased()}${text}${separator}`);
    this.#drawn = [];
    if (frame.length > 0) this.draw(frame);
  }

  /** Leaves the last frame where it is and gives the cursor back. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#drawn = [];
    this.#output.write(SHOW_CURSOR);
  }

  #open(): string {
    if (this.#isOpen) return '';
    this.#isOpen = true;
    return HIDE_CURSOR;
  }

  #changed(lines: readonly string[]): string {
    let out = '';
    let at = this.#drawn.length; // the line on which the cursor rests
    const moveTo = (line: number): string => {
      const step = line - at;
      at = line;
      return step === 0 ? '' : step < 0 ? `${ESC}${-step}A` : `${ESC}${step}B`;
    };
    lines.forEach((line, i) => {
      if (i >= this.#drawn.length) {
        out += `${moveTo(i)}${line}${ERASE_LINE_END}\r\n`;
        at = i + 1;
      } else if (line !== this.#drawn[i]) {
        out += `${moveTo(i)}\r${line}${ERASE_LINE_END}\r`;
      }
    });
    return out + moveTo(lines.length);
  }

  #redrawn(lines: readonly string[]): string {
    return this.#erased() + lines.map((line) => `${line}\r\n`).join('');
  }

  /** A terminal that became narrower has wrapped our lines: they take more rows now. */
  #erased(): string {
    const { columns } = this;
    const rows = this.#drawn.reduce((sum, line) => {
      return sum + Math.max(1, Math.ceil(widthOf(line.replace(STYLES, '')) / columns));
    }, 0);
    return rows === 0 ? '' : `\r${ESC}${Math.min(rows, this.rows)}A${ERASE_BELOW}`;
  }
}
