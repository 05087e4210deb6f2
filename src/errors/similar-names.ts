/** Finds what a person may have meant by a mistyped name. */

/** A sentence for an error; undefined when nothing is near. */
export function didYouMean(wanted: string, candidates: readonly string[]): string | undefined {
  const [nearest] = similarNames(wanted, candidates, 1);
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`;
}

/** At most `limit` candidates, nearest first; none that shares too little. */
export function similarNames(wanted: string, candidates: readonly string[], limit = 3): string[] {
  const target = wanted.toLowerCase();
  return candidates
    .map((name) => ({ name, distance: distanceOf(target, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(target.length / 3)))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** A name that only lacks its ending (`fraud` for `fraud.ts`) counts as one edit. */
function distanceOf(a: string, b: string): number {
  if (b.startsWith(`${a}.`)) return 1;
  return Math.min(editDistance(a, b), 1 + editDistance(stem(a), stem(b)));
}

function stem(name: string): string {
  return name.replace(/\.[a-z]{1,5}$/, '');
}

/** Levenshtein, two rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
