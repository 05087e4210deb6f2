import { expect, it } from 'vitest';
import { flow, iterable, memory, tumbling, tuned, type Stream } from '../index.ts';

/** As plain JavaScript has it: the types would refuse each of these. */
type Untyped = Record<string, (...args: readonly unknown[]) => unknown>;
const events = (): Untyped => flow('f').from(iterable([{ n: 1 }])) satisfies Stream<unknown> as never;
const same = (event: unknown): unknown => event;

it.each<[string, () => unknown]>([
  ['flow.f.target: expected one of targets, goal', () => flow('f', { target: {} } as never)],
  ['flow.f: expected an object of options, received null', () => flow('f', null as never)],
  ['flow.f.from.feilds', () => flow('f').from(iterable([1]), { feilds: [] } as never)],
  ['flow.f.map.nam: expected one of name', () => events()['map']?.(same, { nam: 'x' })],
  ['received "concurency". Did you mean concurrency?', () => events()['mapAsync']?.(same, { concurency: 4 })],
  ['flow.f.to.whenSlo', () => events()['to']?.(memory(), { whenSlo: 'drop' })],
  ['flow.f.scan.tll', () => events()['scan']?.(same, 0, { tll: 5 })],
  ['flow.f.window.lateness', () => events()['window']?.(tumbling('1s'), { lateness: 5 })],
  ['flow.f.match.limits', () => events()['match']?.({}, { limits: 5 })],
  ['flow.f.branch: expected an object of options, received null', () => events()['branch']?.(null)],
  [
    'run.sead',
    () =>
      flow('f')
        .from(iterable([1]))
        .to(memory())
        .run({ sead: 1 } as never),
  ],
  ['tuned.maxbatch', () => tuned(() => [], { maxbatch: 1 } as never)],
  ['iterable().nam', () => iterable([], { nam: 'x' } as never)],
  ['memory().name: expected up to 64 letters', () => memory({ name: '../x' })],
])('a misspelt option is refused, with what there is: %s', (message, declare) => expect(declare).toThrow(message));
