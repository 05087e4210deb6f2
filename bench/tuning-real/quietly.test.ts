import { expect, it } from 'vitest';
import { quietly } from './quietly.ts';

async function attempts(others: readonly (number | null)[]) {
  const said: string[] = [];
  let runs = 0;
  const watch = () => {
    const share = others[runs] ?? null;
    return () => share;
  };
  const options = { what: 'a run', tries: 3, say: (line: string) => void said.push(line) };
  const kept = await quietly(() => Promise.resolve((runs += 1)), options, watch);
  return { ...kept, runs, said };
}

it('keeps a run that others left alone', async () => {
  expect(await attempts([0.05])).toMatchObject({ value: 1, runs: 1, isQuiet: true, said: [] });
});

it('repeats a run that others disturbed, and says so', async () => {
  const { value, runs, isQuiet, said } = await attempts([0.5, 0.11, 0.02]);
  expect({ value, runs, isQuiet }).toEqual({ value: 3, runs: 3, isQuiet: true });
  expect(said).toHaveLength(2);
});

it('keeps the quietest of three, whatever it came to, and says that it is not fair', async () => {
  const { value, isQuiet, othersCpu, said } = await attempts([0.5, 0.2, 0.9]);
  expect({ value, isQuiet, othersCpu }).toEqual({ value: 2, isQuiet: false, othersCpu: 0.2 });
  expect(said.at(-1)).toContain('no fair measurement');
});

it('does not call quiet what it cannot know', async () => {
  expect(await attempts([null])).toMatchObject({ runs: 1, isQuiet: false, othersCpu: null });
});
