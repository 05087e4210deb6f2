/** Text in columns: every string here is plain; colour comes after the cut, so that widths are true. */

import type { Formatter } from './colors.ts';

/** A run of characters of one style. */
export interface Span {
  readonly text: string;
  readonly style?: Formatter | undefined;
}

export type Line = readonly (string | Span)[];

/** Styles a line and cuts it at `columns`: a frame never wraps. */
export function paint(line: Line, columns: number): string {
  let left = columns;
  let out = '';
  for (const part of line) {
    const { text, style } = typeof part === 'string' ? { text: part, style: undefined } : part;
    const cut = cutTo(text, left);
    left -= widthOf(cut);
    out += style === undefined ? cut : style(cut);
    if (left <= 0) break;
  }
  return out;
}

/** Columns that a terminal needs; wide East Asian characters and emoji take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += WIDE.test(char) ? 2 : ZERO.test(char) ? 0 : 1;
  return width;
}

export function left(text: string, width: number): string {
  const cut = cutTo(text, width);
  return cut + ' '.repeat(width - widthOf(cut));
}

export function right(text: string, width: number): string {
  const cut = cutTo(text, width);
  return ' '.repeat(width - widthOf(cut)) + cut;
}

/** At most `width` columns; an ellipsis stands for what was cut. */
export function cutTo(text: string, width: number): string {
  const clean = text.replace(CONTROL, ' ');
  if (width <= 0) return '';
  if (widthOf(clean) <= width) return clean;
  let out = '';
  let used = 0;
  for (const char of clean) {
    const next = used + widthOf(char);
    if (next > width - 1) break;
    out += char;
    used = next;
  }
  return `${out}…`;
}

/** Words in lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ZERO = /\p{Mn}|\u200d|\ufe0f/u;
// Names and messages may come from outside: an escape sequence must not reach the terminal.
const CONTROL = /\p{Cc}/gu;
