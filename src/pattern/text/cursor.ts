/** Walks the tokens of a text; says what it expected where something else stands. */

import { PatternError } from '../model/error.ts';
import { hintFor } from './hints.ts';
import { placeName, tokensOf, type Token } from './tokens.ts';

/** Parentheses and the like nest at most so deep. */
const MAX_DEPTH = 64;

export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  get place(): string {
    return placeName(this.token);
  }

  /** Whether these words or signs stand here; words in any case. */
  sees(...texts: readonly string[]): boolean {
    return texts.every((text, offset) => {
      const token = this.#tokens[this.#at + offset];
      return token !== undefined && isText(token, text);
    });
  }

  /** Passes over them if they stand here. */
  accepts(...texts: readonly string[]): boolean {
    if (!this.sees(...texts)) return false;
    this.#at += texts.length;
    return true;
  }

  expects(...texts: readonly string[]): void {
    if (!this.accepts(...texts)) throw this.error(texts.join(' '));
  }

  /** The text of a token of this kind. */
  takes(kind: 'word' | 'number' | 'string', expected: string): string {
    const { token } = this;
    if (token.kind !== kind) throw this.error(expected);
    this.#at++;
    return token.text;
  }

  number(): number {
    return Number(this.takes('number', 'a number'));
  }

  integer(): number {
    const { token } = this;
    if (token.kind !== 'number' || !Number.isInteger(Number(token.text))) throw this.error('a whole number');
    this.#at++;
    return Number(token.text);
  }

  error(expected: string): PatternError {
    const hint = this.token.isQuoted ? undefined : hintFor(this.token.text);
    return new PatternError(this.place, hint === undefined ? expected : `${expected} (${hint})`, this.token.text);
  }

  /** Reads something that may contain itself. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.error(`at most ${MAX_DEPTH} levels`);
    const value = read();
    this.#depth--;
    return value;
  }

  /** One, or several with commas between. */
  several<T>(read: () => T): T[] {
    const values = [read()];
    while (this.accepts(',')) values.push(read());
    return values;
  }
}

function isText({ kind, text, isQuoted }: Token, expected: string): boolean {
  if (kind === 'word') return !isQuoted && text.toUpperCase() === expected;
  return kind === 'sign' && text === expected;
}
