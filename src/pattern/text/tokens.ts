/** A text cut into words, numbers, quoted strings and signs, each with its place. */

import { isText } from '../../errors/declared.ts';
import { PatternError } from '../model/error.ts';

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'sign' | 'end';
  /** Words as written, strings without their quotes. */
  readonly text: string;
  /** A word in double quotes is a name, never a keyword. */
  readonly isQuoted: boolean;
  readonly line: number;
  readonly column: number;
}

/** A pattern is a page, not a book. */
const MAX_LENGTH = 65_536;

const SPACE = /\s+|--[^\n]*/y;
const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['string', /'(?:[^']|'')*'/y],
  // A name in double quotes may be any text.
  ['word', /"(?:[^"]|"")*"/y],
  ['sign', /!->|->>|->|<>|<=|>=|!=|[(){}|,.*+?=<>!:;-]/y],
];

/** @throws PatternError for a character that nothing begins with */
export function tokensOf(text: string): Token[] {
  if (!isText(text)) throw new PatternError('text', 'a text', text);
  if (text.length > MAX_LENGTH) throw new PatternError('text', `at most ${MAX_LENGTH} characters`, text.length);
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token.token);
    at = skipSpace(text, token.end);
  }
  tokens.push({ kind: 'end', text: 'the end', isQuoted: false, ...placeOf(text, text.length) });
  return tokens;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    SPACE.lastIndex = at;
    if (!SPACE.test(text)) return at;
    at = SPACE.lastIndex;
  }
}

function tokenAt(text: string, at: number): { token: Token; end: number } {
  for (const [kind, shape] of TOKENS) {
    shape.lastIndex = at;
    const [found] = shape.exec(text) ?? [];
    if (found === undefined) continue;
    const isQuoted = found.startsWith('"');
    return { token: { kind, text: unquoted(found), isQuoted, ...placeOf(text, at) }, end: at + found.length };
  }
  throw new PatternError(placeName(placeOf(text, at)), 'a word, a number, a string or a sign', text.charAt(at));
}

function unquoted(found: string): string {
  if (found.startsWith("'")) return found.slice(1, -1).replaceAll("''", "'");
  return found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found;
}

function placeOf(text: string, at: number): Pick<Token, 'line' | 'column'> {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export function placeName({ line, column }: Pick<Token, 'line' | 'column'>): string {
  return `line ${line}, column ${column}`;
}
