import { describe, expect, it } from 'vitest';

import { coldStartCapacity } from './capacity.ts';

describe('the capacity of an edge before anything is measured', () => {
  it.each([
    [{ availableParallelism: 2, cpus: 2 }, 2000],
    [{ availableParallelism: 4, cpus: 16 }, 4000],
    [{ availableParallelism: 16, cpus: 4 }, 8000],
    [{ availableParallelism: 1, cpus: 0 }, 1000],
    [{ availableParallelism: Number.NaN, cpus: 8 }, 1000],
    [{ availableParallelism: 1.5, cpus: 8 }, 1000],
  ])('of %j is %d events', (host, expected) => expect(coldStartCapacity(host)).toBe(expected));
});
