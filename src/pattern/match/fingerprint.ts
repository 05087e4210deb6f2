/** A short text that tells declarations apart: functions by their source. FNV-1a over their JSON; not for secrets. */
export function fingerprint(declaration: unknown): string {
  const text = JSON.stringify(declaration, (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  );
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}
