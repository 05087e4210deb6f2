/**
 * Bytes to text, exactly: what is not UTF-8 is an error, never a silent U+FFFD.
 *
 * Cost: one native conversion; the strict decoder runs only when a U+FFFD shows up in the result.
 */

/** Node's Buffer with its direct conversions, which skip the look-up of the encoding's name. */
export type Bytes = Buffer & {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
};

const REPLACEMENT = '\ufffd';
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of `bytes[start, end)`, or undefined where the bytes are not UTF-8. */
export function strictUtf8(bytes: Bytes, start: number, end: number): string | undefined {
  const text = bytes.utf8Slice(start, end);
  // A one-byte string cannot contain U+FFFD, and V8 answers that without a search.
  if (!text.includes(REPLACEMENT)) return text;
  try {
    return strict.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/**
 * The text of a whole region if it is pure ASCII, so that positions in bytes and in text agree.
 * Every non-ASCII sequence either shortens the text or leaves a U+FFFD.
 */
export function asciiText(bytes: Bytes, start: number, end: number): string | undefined {
  const text = bytes.utf8Slice(start, end);
  return text.length === end - start && !text.includes(REPLACEMENT) ? text : undefined;
}

/** A Buffer over the same memory: its native methods, and one hidden class for the hot loops. */
export function asBuffer(chunk: Uint8Array): Bytes {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) as Bytes;
}
