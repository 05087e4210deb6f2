/** Control characters of a foreign text must not reach a terminal: they could move its cursor, or write its clipboard. Line ends stay. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ');
}
