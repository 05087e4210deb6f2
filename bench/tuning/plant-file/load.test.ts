import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlantCall } from 'daoflow/testing';
import { replyOf } from '../plants/curves.ts';
import { loadPlants } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'daoflow-plants-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const call = (batch: number, more: Partial<PlantCall> = {}): PlantCall => ({
  batch,
  inFlight: 1,
  now: 0,
  random: () => 0.5,
  servers: new Float64Array(1),
  state: {},
  ...more,
});

describe('loadPlants', () => {
  it('finds plants alone, in arrays and in records, under any export', async () => {
    const file = fileOf(
      'mine.ts',
      `import type { Plant } from 'daoflow/testing';
       const plant = (name: string): Plant => ({ name, targetMs: 30, arrivals: 'saturating', service: ({ batch }) => 2 + batch });
       export const one = plant('one');
       export const many = [plant('two'), plant('three')];
       export default { four: { ...plant('four'), inFamily: true }, five: { targetMs: 5, arrivals: 100, service: () => 1 } };`,
    );
    const found = await loadPlants(file);
    expect(found.map(({ plant }) => plant.name).sort()).toEqual(['five', 'four', 'one', 'three', 'two']);
    expect(new Set(found.map(({ group }) => group))).toEqual(
      new Set(['out of family', 'in family', 'out of family, open arrivals']),
    );
  });

  it('takes the older shape, and gives it the normal draw that it imports', async () => {
    const file = fileOf(
      'older.mjs',
      `import { gauss } from './sim.mjs';
       export const P = { slow: { mode: 'closed', T: 80, tEnd: 20000, k: 3, phases: [[0, 10], [10, 20]], fam: 'in',
         svc: ({ b, n, r }) => b > 5 ? { dt: 1, ok: false, bp: true, work: 0 } : { dt: b * n + 0 * gauss(r), work: b } } };`,
    );
    const [scenario] = await loadPlants(file);
    expect(scenario?.plant).toMatchObject({
      name: 'slow',
      targetMs: 80,
      servers: 3,
      durationMs: 20_000,
      inFamily: true,
    });
    expect(scenario?.plant.phases).toEqual([
      [0, 10_000],
      [10_000, 20_000],
    ]);
    expect(scenario?.plant.service(call(2, { inFlight: 3 }))).toEqual({ durationMs: 6, outcome: 'ok', work: 2 });
    expect(scenario?.plant.service(call(9))).toMatchObject({ outcome: 'rejected' });
  });

  it('makes plants of curves in JSON', async () => {
    const file = fileOf(
      'curves.json',
      JSON.stringify([
        {
          name: 'db',
          targetMs: 30,
          arrivals: 'saturating',
          noise: 0,
          cost: { call: 2, event: 0.5, cliff: [10, 3] },
          contention: { s: 0.5, k: 0 },
        },
        {
          name: 'api',
          targetMs: 99,
          arrivals: [
            [0, 50],
            [5000, 80],
          ],
          noise: 0,
          cost: { call: 4 },
          bulk: 20,
          mapAsync: { ordered: true },
          maxInFlight: 2,
          course: [
            [0, 1],
            [1000, 3],
          ],
        },
        { name: 'tuned', targetMs: 50, arrivals: 'saturating', callers: 200, cost: { call: 5 } },
      ]),
    );
    const [db, api, tuned] = (await loadPlants(file)).map(({ plant }) => plant);
    expect(tuned?.callers).toBe(200);
    expect([api?.bulk, api?.mapAsync]).toEqual([20, { ordered: true }]);
    const durationOf = (plant: typeof db, batch: number, more?: Partial<PlantCall>) =>
      replyOf(plant?.service(call(batch, more)) ?? NaN).durationMs;
    expect([durationOf(db, 4), durationOf(db, 20), durationOf(db, 4, { inFlight: 3 })]).toEqual([4, 36, 8]);
    expect([durationOf(api, 1, { now: 500 }), durationOf(api, 1, { now: 2000 })]).toEqual([8, 12]);
    expect(replyOf(api?.service(call(1, { inFlight: 3 })) ?? NaN).outcome).toBe('rejected');
    expect(typeof api?.arrivals === 'function' ? [api.arrivals(10), api.arrivals(6000)] : []).toEqual([50, 80]);
  });

  it.each([
    ['missing.ts', undefined, 'there is no such file'],
    ['empty.mjs', 'export const x = 1;', 'it exports no plant'],
    ['broken.mjs', 'export const x = ;', 'it cannot be loaded'],
    [
      'target.mjs',
      "export const p = { name: 'p', arrivals: 5, service: () => 1 };",
      'p: targetMs must be a number of ms above 0, and is missing',
    ],
    [
      'arrivals.mjs',
      "export const p = { name: 'p', targetMs: 5, service: () => 1 };",
      "p: arrivals must be 'saturating'",
    ],
    [
      'source.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 10, mostPerSecond: 5, service: () => 1 };",
      "p: mostPerSecond must be events per second, of 'saturating' arrivals",
    ],
    [
      'callers.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 10, callers: 8, service: () => 1 };",
      "p: callers must be a whole number of at least 1, of 'saturating' arrivals, and is 8",
    ],
    [
      'bulk-callers.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 'saturating', bulk: 2, callers: 8, service: () => 1 };",
      'p: callers send one event each, as soon as they are answered: leave out bulk and mostPerSecond',
    ],
    [
      'bulk.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 10, bulk: 2.5, service: () => 1 };",
      'p: bulk must be a whole number of at least 1, and is 2.5',
    ],
    [
      'each.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 10, mapAsync: true, service: () => 1 };",
      'p: mapAsync must be { ordered: true } or { ordered: false }, and is true',
    ],
    [
      'service.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 'saturating' };",
      'p: it has neither service nor cost',
    ],
    [
      'reply.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 3, service: () => 'soon' };",
      'answers "soon" to a call of 10 events',
    ],
    [
      'throws.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 3, service: () => nothing };",
      'service throws on a call of 10 events: nothing is not defined',
    ],
    [
      'phases.mjs',
      "export const p = { name: 'p', targetMs: 5, arrivals: 3, service: () => 1, phases: [[5, 2]] };",
      'a phase must be [fromMs, toMs] in order',
    ],
    [
      'twice.mjs',
      "const p = { name: 'p', targetMs: 5, arrivals: 3, service: () => 1 }; export const a = p, b = { ...p };",
      'two plants are named p',
    ],
    ['older.json', '{ "name": "p", ', 'it is not JSON'],
    [
      'field.json',
      '{ "name": "p", "targetMs": 5, "arrivals": 3, "cost": { "perCall": 3 } }',
      'it has no field perCall; there are call, event',
    ],
    [
      'number.json',
      '{ "name": "p", "targetMs": 5, "arrivals": 3, "cost": { "call": "3" } }',
      'call must be a number, and is "3"',
    ],
  ])('says what is wrong with %s', async (name, text, message) => {
    const path = text === undefined ? join(folder, name) : fileOf(name, text);
    await expect(loadPlants(path)).rejects.toThrow(message);
  });
});
