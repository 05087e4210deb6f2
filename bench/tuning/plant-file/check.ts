/** Is it a plant? Says what is wrong before a bench runs on it for minutes. */

import { DEFAULT_DURATION_MS, type Plant } from 'daoflow/testing';

export class PlantError extends Error {
  constructor(where: string, what: string) {
    super(`${where}: ${what}`);
    this.name = 'PlantError';
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function checkedPlant(value: Record<string, unknown>, where: string): Plant {
  const name = value['name'];
  if (typeof name !== 'string' || name === '') throw new PlantError(where, 'a plant has no name');
  const fail: Fail = (what) => {
    throw new PlantError(where, `${name}: ${what}`);
  };
  checkFields(value, fail);
  checkReply(value, fail);
  return value;
}

type Fail = (what: string) => never;

function checkFields(value: Record<string, unknown>, fail: Fail): asserts value is Record<string, unknown> & Plant {
  const { targetMs, arrivals, mostPerSecond, bulk, callers, mapAsync, service, servers, durationMs, phases } = value;
  if (!isPositive(targetMs)) fail(`targetMs must be a number of ms above 0, and is ${shown(targetMs)}`);
  if (arrivals !== 'saturating' && typeof arrivals !== 'function' && !isPositive(arrivals))
    fail(`arrivals must be 'saturating', events per second, or a function of ms, and is ${shown(arrivals)}`);
  if (mostPerSecond !== undefined && !(isPositive(mostPerSecond) && arrivals === 'saturating'))
    fail(`mostPerSecond must be events per second, of 'saturating' arrivals, and is ${shown(mostPerSecond)}`);
  if (bulk !== undefined && !isCount(bulk)) fail(`bulk must be a whole number of at least 1, and is ${shown(bulk)}`);
  if (callers !== undefined && !(isCount(callers) && arrivals === 'saturating'))
    fail(`callers must be a whole number of at least 1, of 'saturating' arrivals, and is ${shown(callers)}`);
  if (callers !== undefined && (bulk ?? mostPerSecond) !== undefined)
    fail('callers send one event each, as soon as they are answered: leave out bulk and mostPerSecond');
  if (mapAsync !== undefined && !(isRecord(mapAsync) && typeof mapAsync['ordered'] === 'boolean'))
    fail(`mapAsync must be { ordered: true } or { ordered: false }, and is ${shown(mapAsync)}`);
  if (typeof service !== 'function') fail(`service must be a function of a call, and is ${shown(service)}`);
  if (servers !== undefined && !isCount(servers))
    fail(`servers must be a whole number of at least 1, and is ${shown(servers)}`);
  if (durationMs !== undefined && !(isPositive(durationMs) && durationMs >= 5000))
    fail(`durationMs must be at least 5000, and is ${shown(durationMs)}`);
  if (phases !== undefined) checkPhases(phases, isPositive(durationMs) ? durationMs : DEFAULT_DURATION_MS, fail);
}

function checkPhases(phases: unknown, durationMs: number, fail: Fail): void {
  if (!Array.isArray(phases) || phases.length === 0) fail('phases must be a list of [fromMs, toMs]');
  let last = 0;
  for (const phase of phases as unknown[]) {
    const [from, to] = (Array.isArray(phase) ? phase : []) as unknown[];
    if (typeof from !== 'number' || typeof to !== 'number' || from < last || to <= from || to > durationMs)
      fail(`a phase must be [fromMs, toMs] in order and within ${durationMs} ms, and is ${shown(phase)}`);
    last = to;
  }
}

/** One call in the middle of the run. */
function checkReply(plant: Plant, fail: Fail): void {
  let reply: unknown;
  try {
    reply = plant.service({
      batch: 10,
      inFlight: 1,
      now: (plant.durationMs ?? DEFAULT_DURATION_MS) / 2,
      random: () => 0.5,
      servers: new Float64Array(plant.servers ?? 1),
      state: {},
    });
  } catch (error) {
    fail(`service throws on a call of 10 events: ${error instanceof Error ? error.message : String(error)}`);
  }
  const durationMs = isRecord(reply) ? reply['durationMs'] : reply;
  if (typeof durationMs !== 'number' || !Number.isFinite(durationMs) || durationMs < 0)
    fail(`service must answer with ms, or with { durationMs }, and answers ${shown(reply)} to a call of 10 events`);
}

export function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isCount(value: unknown): boolean {
  return isPositive(value) && Number.isInteger(value);
}

export function shown(value: unknown): string {
  return typeof value === 'function' ? 'a function' : value === undefined ? 'missing' : JSON.stringify(value);
}
