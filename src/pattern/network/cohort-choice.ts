import type { DagProgram } from '../dag/dag-program.ts';
import type { Bounds } from './bounds.ts';
import type { Member } from './cohort.ts';

/**
 * So many patterns must begin with the same events before they are told of them together. With fewer there is little to spare:
 * posting an event costs about what telling two programs costs (bench:patterns, any a, b+, NE).
 */
const SHARED = 8;

/**
 * Which patterns are told of events late, those with windows of about a length together: where events that begin one of them
 * begin many, so that what would be told would be told to many. Bounds that look at each event of a partial match exclude it.
 */
export function cohortsOf<E>(candidates: readonly Member<E>[], bounds: Bounds): readonly (readonly Member<E>[])[] {
  if (bounds.expirationMs < Infinity) return [];
  const byWindow = new Map<number, Member<E>[]>();
  for (const member of candidates) {
    if (!canWait(member.program, bounds)) continue;
    const size = Math.ceil(Math.log2(member.program.engine.withinMs));
    const members = byWindow.get(size);
    if (members === undefined) byWindow.set(size, [member]);
    else members.push(member);
  }
  return [...byWindow.values()].map(sharing).filter(({ length }) => length > 0);
}

/** Whether a program needs to hear of an event only when it may complete a match: what is posted says all that it asks. */
function canWait<E>(
  { engine, starts, awaits, completes, predicates, mostSets }: DagProgram<E>,
  bounds: Bounds,
): boolean {
  if (engine.withinMs === Infinity || mostSets > bounds.maxPartials) return false;
  if (starts === undefined || awaits === undefined || completes === undefined) return false;
  return predicates.every((predicate) => awaits.includes(predicate));
}

/** Those of which each event that begins a match begins one of many others. */
function sharing<E>(members: readonly Member<E>[]): Member<E>[] {
  const counts = new Map<number, number>();
  const startsOf = ({ program }: Member<E>): ReadonlySet<number> => new Set(program.starts);
  for (const member of members)
    for (const predicate of startsOf(member)) counts.set(predicate, (counts.get(predicate) ?? 0) + 1);
  return members.filter((member) => [...startsOf(member)].every((predicate) => (counts.get(predicate) ?? 0) >= SHARED));
}
