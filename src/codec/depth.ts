/**
 * How deeply JSON may be nested. `JSON.parse` reads any depth; whatever walks the value afterwards by recursion, first of all
 * `JSON.stringify`, would run out of stack.
 */

export const MAX_DEPTH = 1000;

/** A value that is nested more deeply has at least two characters per level: shorter ones need no look. */
const SAFE_LENGTH = 2 * MAX_DEPTH;

/** Why the text is not read; undefined when it may be. Cost: none below 2,000 characters, about 1 ns per character above. */
export function tooDeep(text: string): string | undefined {
  return text.length > SAFE_LENGTH && isDeep(text) ? `nested more than ${MAX_DEPTH} levels deep` : undefined;
}

function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) at = stringEnd(text, at);
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return false;
}

/** @param open - of the opening quote @returns that of the closing one */
function stringEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) return at;
    if (code === 92) at += 1;
  }
  return text.length;
}
