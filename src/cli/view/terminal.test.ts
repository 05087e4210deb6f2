import { describe, expect, it } from 'vitest';
import { Terminal } from './terminal.ts';

/** A terminal of our own: what the sequences that we use would leave on a screen. */
class Screen {
  columns = 20;
  rows = 50;
  readonly writes: string[] = [];
  isCursorShown = true;
  #lines: string[] = [''];
  #row = 0;

  get text(): string {
    return this.#lines.join('\n').trimEnd();
  }

  write(text: string): void {
    this.writes.push(text);

    for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g)) this.#apply(token);
  }

  #apply(token: string): void {
    const sequence = /^\u001b\[(\??)(\d*)([A-Za-z])$/.exec(token);
    const count = Number(sequence?.[2] ?? 1);
    if (token === '\n') this.#row += 1;
    else if (sequence?.[1] === '?')
      this.isCursorShown = sequence[2] === '25' ? sequence[3] === 'h' : this.isCursorShown;
    else if (sequence?.[3] === 'A') this.#row -= count;
    else if (sequence?.[3] === 'B') this.#row += count;
    else if (sequence?.[3] === 'J') this.#lines = this.#lines.slice(0, this.#row);
    else if (sequence === null && token !== '\r') this.#lines[this.#row] = token;
    expect(this.#row).toBeGreaterThanOrEqual(0);
    while (this.#lines.length <= this.#row) this.#lines.push('');
  }
}

describe('Terminal', () => {
  it('rewrites only the lines that changed', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.draw(['one', 'two', 'three']);
    terminal.draw(['one', 'TWO', 'three']);
    expect(screen.text).toBe('one\nTWO\nthree');
    expect(screen.writes).toHaveLength(2);
    expect(screen.writes[1]).toContain('TWO');
    expect(screen.writes[1]).not.toContain('three');
  });

  it('writes nothing when nothing changed', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.draw(['one']);
    terminal.draw(['one']);
    expect(screen.writes).toHaveLength(1);
  });

  it('grows and shrinks', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.draw(['a']);
    terminal.draw(['a', 'b', 'c']);
    expect(screen.text).toBe('a\nb\nc');
    terminal.draw(['x', 'b']);
    expect(screen.text).toBe('x\nb');
  });

  it('puts text above the frame', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.draw(['frame 1', 'frame 2']);
    terminal.above('printed\n');
    terminal.draw(['frame 1', 'frame 3']);
    expect(screen.text).toBe('printed\nframe 1\nframe 3');
  });

  it('hides the cursor while it draws, and gives it back once', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.close();
    expect(screen.writes).toEqual([]);
    terminal.draw(['a']);
    expect(screen.isCursorShown).toBe(false);
    terminal.close();
    terminal.close();
    expect(screen.isCursorShown).toBe(true);
    expect(screen.writes).toHaveLength(2);
  });

  it('clears the rows that a narrower terminal has wrapped', () => {
    const screen = new Screen();
    screen.write('$ daoflow run flow.ts\n');
    const terminal = new Terminal(screen);
    terminal.draw(['x'.repeat(20), 'y']);
    screen.columns = 10;
    terminal.draw(['short', 'y']);
    expect(screen.writes[2]).toContain('\u001b[3A');
    expect(screen.writes[2]).toContain('\u001b[J');
  });
});
