/** Keeps secrets off screens: events are shown, what is named like a secret or looks like one is not. */

const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret|token|authorization|api[-_]?key|private[-_]?key|credential|cookie|cvv|cvc|ssn|card(number)?$|iban|^pin$/i;
/** `Bearer abc`, `user:password@host`, a run of 13 to 19 digits (a card). */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 ***'],
  [/(\/\/[^/\s:@]*:)[^/\s@]+@/g, '$1***@'],
  [/\b\d(?:[ -]?\d){12,18}\b/g, '***'],
];
/** `"password":"..."` in text that is no whole JSON. A name begins where no name does before it: the time stays linear. */
const NAMED_TEXT = /(?<![A-Za-z_-])("?)([A-Za-z_-]{1,64})\1(\s{0,8}[:=]\s{0,8})("(?:[^"\\]|\\.)*"?|[^\s,}&]+)/g;
/** The same in a sentence, where a colon is no assignment: `"password":"..."`, `password=...`. */
const NAMED_IN_SENTENCE =
  /(?<![A-Za-z_-])(?:("?)([A-Za-z_-]{1,64})\1(=)|(")([A-Za-z_-]{1,64})"(\s{0,8}:\s{0,8}))("(?:[^"\\]|\\.)*"?|[^\s,}&]+)/g;
const MAX_DEPTH = 32;

/** The value with every secret as `***`. */
export function masked(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '...';
  if (Array.isArray(value)) return value.map((each) => masked(each, depth + 1));
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, each]) => [name, SECRET_NAME.test(name) ? '***' : masked(each, depth + 1)]),
  );
}

/** The same for text: as JSON where it is some, else by what stands beside a name. */
export function maskedText(text: string): string {
  const parsed = parsedJson(text);
  if (parsed !== undefined) return JSON.stringify(masked(parsed));
  const named = text.replace(NAMED_TEXT, (all: string, quote: string, name: string, between: string) =>
    SECRET_NAME.test(name) ? `${quote}${name}${quote}${between}***` : all,
  );
  return SECRET_TEXT.reduce((line, [pattern, by]) => line.replace(pattern, by), named);
}

/** A message of ours that may quote what came from outside: its own words stay. */
export function maskedMessage(text: string): string {
  const named = text.replace(NAMED_IN_SENTENCE, (all: string, ...parts: readonly string[]) => {
    const [value = '', name = ''] = [parts[6], parts[1] ?? parts[4]];
    return SECRET_NAME.test(name) ? `${all.slice(0, all.length - value.length)}***` : all;
  });
  return SECRET_TEXT.reduce((line, [pattern, by]) => line.replace(pattern, by), named);
}

function parsedJson(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
