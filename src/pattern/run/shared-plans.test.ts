import { describe, expect, test } from 'vitest';
import { randomCase } from '../../../test/conformance/random-pattern.ts';
import type { Bindings, MatchOutput } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { Predicate, Term } from '../model/predicate.ts';
import { PredicateNetwork } from '../network/predicate-network.ts';
import { step } from '../steps-fixtures.ts';
import { runProgramOf } from './program.ts';
import { SharedPlans } from './shared-plans.ts';

const above = (limit: Term): { readonly where: Predicate } => ({ where: { cmp: [{ field: 'price' }, '>', limit] } });
const last: Term = { agg: 'last', of: 'a', field: 'price' };
const seen = { where: { callWithSeen: () => true } };
const within = (ms: number): Pick<PatternModel, 'within'> => ({ within: { ms, scope: 'firstToLast' } });

describe('patterns share a plan', () => {
  const isShared = (one: PatternModel, other: PatternModel): boolean => {
    const [network, plans] = [new PredicateNetwork(), new SharedPlans<unknown>()];
    const planOf = (model: PatternModel): unknown => runProgramOf(plans, model, network.table(), 'test').plan;
    return planOf(one) === planOf(other);
  };
  const first = step(null, 'a');

  test.each<[string, PatternModel, PatternModel]>([
    ['they are the same', { steps: [first] }, { steps: [first] }],
    ['they begin with other events', { steps: [step(null, 'a')] }, { steps: [step(null, 'a', above(1))] }],
    [
      'they look at earlier events in the same way',
      { steps: [first, step('followedBy', 'b', above(last))] },
      { steps: [step(null, 'a', above(3)), step('followedBy', 'b', above(last))] },
    ],
    [
      'the function that looks at earlier events is the same',
      { steps: [first, step('followedBy', 'b', seen)] },
      { steps: [step(null, 'a', above(3)), step('followedBy', 'b', seen)] },
    ],
  ])('where %s', (_, one, other) => {
    expect(isShared(one, other)).toBe(true);
  });

  test.each<[string, PatternModel, PatternModel]>([
    ['names', { steps: [first] }, { steps: [step(null, 'b')] }],
    ['links', { steps: [first, step('next', 'b')] }, { steps: [first, step('followedBy', 'b')] }],
    ['windows', { steps: [first], ...within(1) }, { steps: [first], ...within(2) }],
    ['gaps', { steps: [first, step('next', 'b')] }, { steps: [first, step('next', 'b', { gapMs: 1 })] }],
    ['limits', { steps: [first] }, { steps: [first], limit: 1 }],
    ['choices', { steps: [first], only: 'first' }, { steps: [first], only: 'last' }],
    ['what is skipped', { steps: [first] }, { steps: [first], skip: { strategy: 'pastLast' } }],
    [
      'limits of what looks at earlier events',
      { steps: [first, step('next', 'b', { where: { cmp: [last, '>', 1] } })] },
      { steps: [first, step('next', 'b', { where: { cmp: [last, '>', Infinity] } })] },
    ],
    [
      'limits that are no numbers',
      { steps: [first, step('next', 'b', { where: { cmp: [last, '==', NaN] } })] },
      { steps: [first, step('next', 'b', { where: { cmp: [last, '==', null] } })] },
    ],
    [
      'functions that look at earlier events',
      { steps: [first, step('next', 'b', seen)] },
      { steps: [first, step('next', 'b', { where: { callWithSeen: () => true } })] },
    ],
    [
      'repetitions of a predicate',
      { steps: [first, step('next', 'b'), step('next', 'c')] },
      { steps: [first, step('next', 'b'), { ...step('next', 'b'), name: 'c' }] },
    ],
  ])('but not with other %s', (_, one, other) => {
    expect(isShared(one, other)).toBe(false);
  });
});

const FACTOR = Number(process.env['FUZZ_FACTOR'] ?? 1);

test(
  'who shares a plan answers as if alone, whatever the others hold and also once they begin nothing any more',
  () => {
    const plans = new SharedPlans<unknown>();
    let [matches, shared] = [0, 0];
    for (let seed = 1; seed <= 600 * FACTOR; seed += 1) {
      const { pattern, events, input } = randomCase(seed);
      const ticks = input.flatMap((one, id) => ('event' in one ? [{ ...events[one.event], id, ts: one.ts }] : []));
      const models = [pattern as PatternModel, turned(pattern as PatternModel), pattern as PatternModel];
      const together = models.map((model) => new Alone(model, plans));
      const alone = models.map((model) => new Alone(model, new SharedPlans()));
      if (new Set(together.map(({ program }) => program.plan)).size === 1) shared += 1;
      for (const [i, tick] of ticks.entries()) {
        if (2 * i === ticks.length) for (const one of [together, alone]) one[0]?.program.seal();
        for (const one of [...together, ...alone]) one.feed(tick);
      }
      for (const [i, { found }] of together.entries()) expect(found, `seed ${seed}`).toEqual(alone[i]?.found);
      matches += alone.reduce((sum, { found }) => sum + found.length, 0);
    }
    expect(matches).toBeGreaterThan(600 * FACTOR);
    expect(shared).toBeGreaterThan(500 * FACTOR);
  },
  60_000 * FACTOR,
);

/** The same with other names wanted of events: each by the next one. */
function turned(model: PatternModel): PatternModel {
  const names = 'abcdefghijklmnopqrstuvwxyz';
  const next = (_: string, before: string, name: string): string =>
    `${before}${names[(names.indexOf(name) + 1) % 26] as string}"`;
  return JSON.parse(JSON.stringify(model).replace(/("name"},"==",")([a-z])"/g, next)) as PatternModel;
}

interface Tick {
  readonly id: number;
  readonly ts: number;
}

class Alone implements MatchOutput<unknown> {
  readonly found: string[] = [];
  readonly program;
  readonly #network = new PredicateNetwork();
  readonly #partition;

  constructor(model: PatternModel, plans: SharedPlans<unknown>) {
    this.program = runProgramOf(plans, model, this.#network.table(), 'test');
    this.#partition = this.program.partition();
  }

  feed(tick: Tick): void {
    this.#network.turnTo(tick);
    try {
      this.#partition.advance(tick.ts, this);
      this.#partition.process(tick, tick.ts, this.#network, this);
    } catch (error) {
      this.found.push(String(error));
    }
  }

  match(bindings: Bindings<unknown>): void {
    this.found.push(shown(bindings));
  }

  timeout(bindings: Bindings<unknown>): void {
    this.found.push(`over: ${shown(bindings)}`);
  }

  shed(): void {
    throw new Error('nothing is shed here');
  }
}

const shown = (bindings: Bindings<unknown>): string =>
  JSON.stringify(bindings, (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'id' in value ? value.id : value,
  );
