/** An identifier, whatever its characters. NUL, which no identifier can have, is refused where options are read. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
