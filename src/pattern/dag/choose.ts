import type { MatcherProgram, PredicateTable } from '../matcher.ts';
import { isNegative } from '../model/check.ts';
import { looksAtEventOnly } from '../model/evaluate.ts';
import type { PatternModel, Step } from '../model/pattern.ts';
import type { Predicate } from '../model/predicate.ts';
import { automatonOf, runProgramOf } from '../run/program.ts';
import { SharedPlans } from '../run/shared-plans.ts';
import { tabulate } from '../run/table.ts';
import { MAX_PREDICATES } from './configuration.ts';
import { DagProgram } from './dag-program.ts';
import { DagPool } from './pool.ts';
import { predicatesOf } from './shape.ts';

export interface MatcherWishes {
  /** Partial matches that run out of time are wanted as output. Default false. */
  readonly timeouts?: boolean;
  /** So many matches per event and key are enough; the DAG matcher puts together no more. */
  readonly limit?: number | undefined;
}

export interface MatcherChoice {
  readonly kind: 'run' | 'dag';
  /** One sentence for people. */
  readonly reason: string;
}

/** The matcher that gives a pattern's matches at the least cost: the DAG wherever its answers are exact. */
export function chooseMatcher<E>(model: PatternModel<E>, wishes: MatcherWishes = {}): MatcherChoice {
  const against = reasonAgainstDag(model, wishes);
  if (against !== undefined) return { kind: 'run', reason: against };
  return {
    kind: 'dag',
    reason: 'every condition looks at one event alone: constant work per event, whatever the window',
  };
}

/**
 * Compiles a pattern for the matcher that suits it.
 *
 * @param table - numbers the predicates that look at one event
 * @throws PatternError for a pattern that grows too large
 */
export function compilePattern<E>(
  model: PatternModel<E>,
  table: PredicateTable<E>,
  wishes: MatcherWishes = {},
): MatcherProgram<E> {
  return compileInto(programPool<E>(), model, table, wishes);
}

/** What the programs of a set share, each with those of its matcher. */
export interface ProgramPool<E> {
  readonly dag: DagPool<E>;
  readonly plans: SharedPlans<E>;
}

export function programPool<E>(): ProgramPool<E> {
  return { dag: new DagPool<E>(), plans: new SharedPlans<E>() };
}

/** The same for one of a set. */
export function compileInto<E>(
  { dag, plans }: ProgramPool<E>,
  declared: PatternModel<E>,
  table: PredicateTable<E>,
  wishes: MatcherWishes,
): MatcherProgram<E> {
  const model = limited(declared, wishes.limit);
  const { kind, reason } = chooseMatcher(model, wishes);
  if (kind === 'run') return runProgramOf(plans, model, table, reason);
  const automaton = automatonOf(model, table);
  const rows = tabulate(automaton);
  const predicates = predicatesOf(rows).length;
  if (predicates > MAX_PREDICATES) {
    return runProgramOf(
      plans,
      model,
      table,
      `it asks ${predicates} different things of an event; the DAG takes ${MAX_PREDICATES}`,
    );
  }
  const options = { reason, withinMs: model.within?.ms, limit: model.limit, only: model.only };
  return new DagProgram(rows, automaton.start.index, options, dag);
}

/** The lower of two limits holds, either of which may be missing. */
function limited<E>(model: PatternModel<E>, limit: number | undefined): PatternModel<E> {
  return limit === undefined ? model : { ...model, limit: Math.min(limit, model.limit ?? Infinity) };
}

function reasonAgainstDag<E>(model: PatternModel<E>, { timeouts }: MatcherWishes): string | undefined {
  const steps = model.steps.flatMap((step) => [...withInner(step)]);
  const named = (step: Step<E>): string => ('name' in step ? `step ${step.name}` : 'a group');
  const looking = steps.find((step) => predicatesIn(step).some((one) => !looksAtEventOnly(one)));
  if (looking !== undefined) return `${named(looking)} looks at earlier events, so partial matches in one state differ`;
  const skip = model.skip?.strategy ?? 'noSkip';
  if (skip !== 'noSkip') return `skip strategy ${skip} discards partial matches one by one`;
  const gapped = steps.find((step) => step.gapMs !== undefined || step.quantifier?.gapMs !== undefined);
  if (gapped !== undefined)
    return `${named(gapped)} bounds the time since the event before, which each partial match has of its own`;
  if (endsInNegation(model.steps)) {
    return 'it ends with a negation, so each partial match is completed by its own time';
  }
  if (timeouts === true && model.within !== undefined)
    return 'partial matches that run out of time are wanted one by one';
  return undefined;
}

function endsInNegation<E>(steps: readonly Step<E>[]): boolean {
  const last = steps.at(-1);
  if (last === undefined || isNegative(last)) return last !== undefined;
  if ('anyOf' in last) return last.anyOf.some(endsInNegation);
  return 'group' in last && endsInNegation(last.group);
}

/** A step and all inside it. */
function* withInner<E>(step: Step<E>): Generator<Step<E>> {
  yield step;
  const inner =
    'group' in step ? step.group : 'anyOf' in step ? step.anyOf.flat() : 'permute' in step ? step.permute : [];
  for (const one of inner) yield* withInner(one);
}

function predicatesIn<E>(step: Step<E>): Predicate<E>[] {
  const until = step.quantifier?.until;
  const where = 'name' in step ? step.where : undefined;
  return [until, where].filter((one) => one !== undefined);
}
