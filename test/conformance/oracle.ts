/**
 * All matches of a pattern by plain enumeration, to check matchers against: every sequence of slots that the pattern allows is
 * written out, and every way to fill it with events is tried. Exponential, and simple enough to be believed.
 *
 * The rules, for events p < q that fill slots one after the other:
 * - `strict`: q is the very next event; `relaxed`: no event between them would have suited; `any`: no rule
 * - `notNext`: the event after p is not such a one; `notFollowedBy`: none of those after p, up to q, is; without p, q is not
 * - all within the window; conditions see what is bound before
 *
 * Not covered: greedy loops, `until`, gaps, negation at the end, `notFollowedBy` before or after a loop like `{2,4}`, or before a
 * group that may begin with its second step, a negation after a group that may end before its last step, skip strategies.
 */

import { seenCheck, type SeenCheck } from '../../src/pattern/model/evaluate.ts';
import { isNegative, isOptional } from '../../src/pattern/model/check.ts';
import type { Link, PatternModel, Quantifier, Step } from '../../src/pattern/model/pattern.ts';
import type { AggregateTerm, Predicate } from '../../src/pattern/model/predicate.ts';
import type { CaseEvent, CaseInput } from './cases.ts';
import type { RandomCase } from './random-pattern.ts';

type Contiguity = NonNullable<Quantifier['inner']>;
type Check = SeenCheck<CaseEvent>;

/** One event to come. */
interface Slot {
  readonly name: string;
  readonly check: Check;
  readonly contiguity: Contiguity;
  /** What `relaxed` may not pass over: the slot's own condition, and those of its alternatives. */
  readonly awaited: readonly Check[];
  readonly notNext: readonly Check[];
  readonly notBefore: readonly Check[];
}

/** What the oracle does not answer. */
class NotCovered extends Error {}

/** Patterns that can be written out in more ways than this are not covered. */
const MAX_WAYS = 2_000;

/** Every way followed by every other, none longer than the stream. */
function followedBy(ways: readonly Slot[][], others: readonly Slot[][], longest: number): Slot[][] {
  if (ways.length * others.length > MAX_WAYS * 10) throw new NotCovered();
  const joined = ways.flatMap((way) => others.map((other) => [...way, ...other]));
  const short = joined.filter((way) => way.length <= longest);
  if (short.length > MAX_WAYS) throw new NotCovered();
  return short;
}

interface Timed {
  readonly label: string;
  readonly event: CaseEvent;
  readonly ts: number;
}

/** @returns one line per match, sorted, `labels by step`; undefined when the pattern is not covered */
export function oracle({ pattern, events, input }: RandomCase): string[] | undefined {
  if ((pattern.skip?.strategy ?? 'noSkip') !== 'noSkip') return undefined;
  const stream = input.flatMap((one) => timed(one, events));
  try {
    const matches: string[] = [];
    for (const slots of sequences(pattern.steps, stream.length)) fill(slots, [], stream, pattern, matches);
    return matches.sort();
  } catch (error) {
    if (error instanceof NotCovered) return undefined;
    throw error;
  }
}

function timed(input: CaseInput, events: RandomCase['events']): Timed[] {
  if ('advanceTo' in input) return [];
  const event = events[input.event];
  return event === undefined ? [] : [{ label: input.event, event, ts: input.ts }];
}

/** Every way to write the steps as slots, none longer than the stream. */
function sequences(
  steps: readonly Step<CaseEvent>[],
  longest: number,
  after?: Step<CaseEvent>,
  group?: Pass,
): Slot[][] {
  let ways: Slot[][] = [[]];
  let pending: Pick<Slot, 'notNext' | 'notBefore'> = { notNext: [], notBefore: [] };
  steps.forEach((step, index) => {
    if (isNegative(step)) {
      if (index === steps.length - 1) throw new NotCovered();
      const check = checkOf('where' in step ? step.where : undefined);
      if (step.link === 'notNext') pending = { ...pending, notNext: [...pending.notNext, check] };
      else pending = { ...pending, notBefore: [...pending.notBefore, check] };
      return;
    }
    if (pending.notBefore.length > 0 && (hasOptionalPasses(step) || hasOptionalHead(step))) throw new NotCovered();
    if (hasOptionalPasses(step) && steps[index + 1]?.link === 'notFollowedBy') throw new NotCovered();
    const pass = index === 0 && group !== undefined ? headPass(step, group) : passOf(step);
    const own = repetitions(step, steps[index + 1] ?? after, longest, pass).map((way) => negated(way, pending));
    // Where a step is missing, what must not come before it must not come before the next one.
    const carried = pending;
    ways = followedBy(ways, own, longest);
    pending = { notNext: [], notBefore: [] };
    if (own.some((way) => way.length === 0) && carried.notNext.length + carried.notBefore.length > 0) {
      throw new NotCovered();
    }
  });
  return ways;
}

/**
 * A loop like `{2,4}` or `{2,}`. The reference forbids what must not come after it while a further pass is awaited, but only until
 * some other event has been passed over. And it goes on to forbid what must not come before such a step while it waits, after some other event, for a
 * repetition that may be left out; which event is forbidden so depends on what came between.
 */
function hasOptionalPasses({ quantifier }: Step<CaseEvent>): boolean {
  const { min = 1, max = min } = quantifier ?? {};
  return max === null || min < max;
}

/** What must not come before a group is not asked any more where the group goes on without its first step. */
function hasOptionalHead(step: Step<CaseEvent>): boolean {
  if (!('group' in step)) return false;
  const [head] = step.group;
  return head !== undefined && (head.quantifier?.optional === true || hasOptionalHead(head));
}

/** What must not come after a group then ends it also while its last step could still come. */
function hasOptionalTail(step: Step<CaseEvent>): boolean {
  if (!('group' in step)) return false;
  const tail = step.group.at(-1);
  return tail !== undefined && (isOptional(tail.quantifier) || hasOptionalTail(tail));
}

/** How the first and the later passes of a step follow what precedes them. */
interface Pass {
  readonly first: Contiguity;
  readonly later: Contiguity;
}

function passOf({ link, quantifier }: Step<CaseEvent>): Pass {
  return { first: contiguityOf(link), later: quantifier?.inner ?? 'relaxed' };
}

/** The head of a group follows as the group does, and repeats as the group does; a group within has its own ways. */
function headPass(step: Step<CaseEvent>, group: Pass): Pass {
  if ('name' in step) return group;
  return 'group' in step ? passOf(step) : { ...passOf(step), first: group.first };
}

function negated(way: readonly Slot[], { notNext, notBefore }: Pick<Slot, 'notNext' | 'notBefore'>): Slot[] {
  const [first, ...rest] = way;
  if (first === undefined) return [];
  return [
    { ...first, notNext: [...first.notNext, ...notNext], notBefore: [...first.notBefore, ...notBefore] },
    ...rest,
  ];
}

/** A step as often as it may come. */
function repetitions(step: Step<CaseEvent>, next: Step<CaseEvent> | undefined, longest: number, pass: Pass): Slot[][] {
  const { min, max, optional, greedy, until, gapMs } = step.quantifier ?? {};
  if (greedy === true || until !== undefined || gapMs !== undefined || step.gapMs !== undefined) throw new NotCovered();
  const least = Math.max(1, min ?? 1);
  const most = max === null ? longest : (max ?? least);
  const { inner = 'relaxed' } = step.quantifier ?? {};
  // What the next pass of a group passes over, the reference lets a match pass over that leaves the group instead.
  if ('group' in step && most > least && inner !== 'strict') throw new NotCovered();
  if (hasOptionalTail(step) && next !== undefined && isNegative(next)) throw new NotCovered();
  const first = bodies(step, next, { first: pass.first, later: inner }, longest);
  const later = bodies(step, next, { first: pass.later, later: inner }, longest).map((way) =>
    loopBefore(way, step, next, most),
  );
  if (first.some((way) => way.length === 0)) throw new NotCovered();
  const ways: Slot[][] = optional === true || min === 0 ? [[]] : [];
  let passes = first;
  for (let count = 1; count <= most && passes.length > 0; count++) {
    if (count >= least) ways.push(...passes);
    passes = followedBy(passes, later, longest);
  }
  return ways;
}

/** What must not follow a loop must not come between its repetitions either. */
function loopBefore(way: Slot[], step: Step<CaseEvent>, next: Step<CaseEvent> | undefined, most: number): Slot[] {
  // An event that the loop would take and that must not come next ends the loop too.
  if (most > 1 && next?.link === 'notNext') throw new NotCovered();
  if (most === 1 || next?.link !== 'notFollowedBy') return way;
  if (!('name' in step)) throw new NotCovered();
  return negated(way, { notNext: [], notBefore: [checkOf('where' in next ? next.where : undefined)] });
}

/** One pass of a step. */
function bodies(step: Step<CaseEvent>, next: Step<CaseEvent> | undefined, pass: Pass, longest: number): Slot[][] {
  const contiguity = pass.first;
  if ('group' in step) return sequences(step.group, longest, next, pass);
  if ('anyOf' in step) {
    const branches = step.anyOf.map((branch) => sequences(branch, longest, next));
    // Longer than the stream, and so not written out; but its first step counts for what `relaxed` passes over.
    if (branches.some((ways) => ways.length === 0)) throw new NotCovered();
    const heads = branches.flat().flatMap(([head]) => (head === undefined ? [] : [head.check]));
    return branches.flat().map((way) => following(way, contiguity, heads));
  }
  if ('permute' in step)
    return orders(
      step.permute.map((one) => slotOf(one.name, one.where, 'strict')),
      contiguity,
      between(step.permute),
    );
  return [[slotOf(step.name, step.where, contiguity)]];
}

/** All orders; what is still missing may not be passed over. */
function orders(slots: readonly Slot[], contiguity: Contiguity, later: Contiguity): Slot[][] {
  if (slots.length === 0) return [[]];
  const awaited = slots.map(({ check }) => check);
  return slots.flatMap((slot) => {
    const others = slots.filter((other) => other !== slot);
    return orders(others, later, later).map((rest) => [{ ...slot, contiguity, awaited }, ...rest]);
  });
}

function between(steps: readonly Step<CaseEvent>[]): Contiguity {
  const links = steps.slice(1).map(({ link }) => contiguityOf(link));
  if (links.includes('strict')) return 'strict';
  return links.every((link) => link === 'any') ? 'any' : 'relaxed';
}

function following(way: readonly Slot[], contiguity: Contiguity, awaited: readonly Check[]): Slot[] {
  const [first, ...rest] = way;
  if (first === undefined) return [];
  return [{ ...first, contiguity, awaited: awaited.length === 0 ? first.awaited : awaited }, ...rest];
}

function slotOf(name: string, where: Predicate<CaseEvent> | undefined, contiguity: Contiguity): Slot {
  const check = checkOf(where);
  return { name, check, contiguity, awaited: [check], notNext: [], notBefore: [] };
}

const checkOf = (where: Predicate<CaseEvent> | undefined): Check => seenCheck(where ?? { true: true });

function contiguityOf(link: Link | null): Contiguity {
  return link === 'followedBy' ? 'relaxed' : link === 'followedByAny' ? 'any' : 'strict';
}

/** Tries every event for the next slot. */
function fill(
  slots: readonly Slot[],
  chosen: readonly number[],
  stream: readonly Timed[],
  pattern: PatternModel<CaseEvent>,
  matches: string[],
): void {
  const slot = slots[chosen.length];
  if (slot === undefined) {
    if (chosen.length > 0) matches.push(shown(slots, chosen, stream));
    return;
  }
  const last = chosen.at(-1);
  const holds = (check: Check, at: number): boolean => {
    const one = stream[at];
    return one !== undefined && check(one.event, seenBy(slots, chosen, stream));
  };
  for (let at = last === undefined ? 0 : last + 1; at < stream.length; at++) {
    if (last === undefined) {
      if ([...slot.notNext, ...slot.notBefore].some((check) => holds(check, at))) continue;
    } else {
      if (!isInTime(stream, chosen[0] ?? 0, at, pattern)) return;
      if (at === last + 1 && slot.notNext.some((check) => holds(check, at))) return;
      if (slot.notBefore.some((check) => holds(check, at))) {
        // Forbidden and awaited at once: the reference has answers of its own.
        if (slot.awaited.some((check) => holds(check, at))) throw new NotCovered();
        return;
      }
    }
    if (holds(slot.check, at)) fill(slots, [...chosen, at], stream, pattern, matches);
    if (last === undefined) continue;
    if (slot.contiguity === 'strict') return;
    if (slot.contiguity === 'relaxed' && slot.awaited.some((check) => holds(check, at))) return;
  }
}

function isInTime(stream: readonly Timed[], first: number, at: number, { within }: PatternModel<CaseEvent>): boolean {
  const passed = (stream[at]?.ts ?? 0) - (stream[first]?.ts ?? 0);
  return within === undefined || passed < within.ms;
}

function seenBy(slots: readonly Slot[], chosen: readonly number[], stream: readonly Timed[]): Parameters<Check>[1] {
  return {
    seen: {},
    aggregate: ({ agg, of, field = '', plusCurrent }: AggregateTerm, event: CaseEvent) => {
      const bound = chosen.flatMap((at, index) => (slots[index]?.name === of ? [stream[at]?.event] : []));
      const values = [...bound, ...(plusCurrent === true ? [event] : [])].map((one) =>
        one === undefined ? 0 : Number(Reflect.get(one, field)),
      );
      if (agg === 'count') return values.length;
      if (agg === 'sum') return values.reduce((sum, value) => sum + value, 0);
      if (agg === 'last') return values.at(-1);
      throw new NotCovered();
    },
  };
}

function shown(slots: readonly Slot[], chosen: readonly number[], stream: readonly Timed[]): string {
  const byName: Record<string, string[]> = {};
  chosen.forEach((at, index) => (byName[slots[index]?.name ?? ''] ??= []).push(stream[at]?.label ?? ''));
  const steps = Object.entries(byName)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, labels]) => `${name}=${labels.join(',')}`);
  return `after ${chosen.at(-1) ?? 0}: ${steps.join(' ')}`;
}
