/** Checks that say what differs, not only that something does. */
import assert from 'node:assert/strict';

export const equal = (actual, expected, what) => {
  if (!Object.is(actual, expected)) throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
};

export function same(actual, expected, what) {
  try {
    assert.deepStrictEqual(actual, expected);
  } catch (error) {
    throw new Error(`${what}\n${error.message.slice(0, 2000)}`);
  }
}

export function matches(text, pattern, what) {
  if (!pattern.test(text)) throw new Error(`${what}: nothing matches ${pattern} in\n${clip(text)}`);
}

export function lacks(text, pattern, what) {
  const match = pattern.exec(text);
  if (match !== null) throw new Error(`${what}: ${show(match[0])} should not be in\n${clip(text)}`);
}

/** Two lists of strings, as multisets: names the first lines that only one has. */
export function sameLines(actual, expected, what) {
  const [left, right] = [actual, expected].map((lines) => [...lines].sort());
  const at = left.findIndex((line, i) => line !== right[i]);
  if (at < 0 && left.length === right.length) return;
  const i = at < 0 ? left.length : at;
  throw new Error(
    `${what}: ${left.length} lines, expected ${right.length}; the first difference (sorted, line ${i + 1}):\n  got      ${left[i]}\n  expected ${right[i]}`,
  );
}

const show = (value) => JSON.stringify(value);
const clip = (text) => (text.length > 3000 ? `${text.slice(0, 1500)}\n[...]\n${text.slice(-1500)}` : text);
