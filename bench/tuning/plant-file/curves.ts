/**
 * A plant as data:
 *
 *     { "name": "db", "targetMs": 30, "arrivals": "saturating",
 *       "cost": { "call": 2, "event": 0.01 }, "contention": { "s": 0.02, "k": 0.0005 }, "noise": 0.1 }
 *
 * - `cost`, ms of a batch of b events, a sum of: `call`, `event` * b, `root` * sqrt(b), `square` * b^2, `log` * log2(1 + b),
 *   `power: [factor, exponent]`, `page: [events, ms]` (ms per begun page), times `cliff: [events, factor]` above so many events.
 * - `contention`: `{ s, k }` (1 + s(n-1) + k n(n-1)), `{ free, slope }` (1 + slope (n - free) above free), or `{ servers }`.
 * - `noise`: sigma of the log-normal factor (default .1); `slow: [share, factor]` of the calls.
 * - `course: [[ms, factor], ...]`: the cost times a factor, linear between the points.
 * - `callsPerSecond: [limit, burst]`, `maxInFlight`: what is above is refused.
 * - `arrivals`: "saturating", events per second, or `[[ms, events per second], ...]`, constant from each point on.
 * - `mostPerSecond`, `bulk`, `callers`, `mapAsync`, `durationMs`, `phases`, `pauses`, `bounds`, `inFamily` as in `Plant`.
 */

import type { PlantCall } from 'daoflow/testing';
import {
  bucket,
  ceiling,
  convoy,
  served,
  shared,
  slowTail,
  usl,
  type Contention,
  type Cost,
  type Course,
  type Service,
} from '../plants/curves.ts';
import { isRecord, PlantError, shown } from './check.ts';

type Fields = Record<string, unknown>;

export function plantOfCurves(value: Fields, key: string, where: string): Fields {
  const name = typeof value['name'] === 'string' ? value['name'] : key;
  const read = new Reader(`${where}: ${name}`);
  const known = [
    'name',
    'targetMs',
    'mostPerSecond',
    'bulk',
    'callers',
    'mapAsync',
    'durationMs',
    'phases',
    'pauses',
    'bounds',
    'inFamily',
  ];
  const kept = Object.fromEntries(Object.entries(value).filter(([field]) => known.includes(field)));
  const others = ['arrivals', 'cost', 'contention', 'noise', 'slow', 'course', 'callsPerSecond', 'maxInFlight'];
  read.only(value, [...known, ...others]);
  const contention = read.record(value, 'contention');
  const servers = contention === undefined ? undefined : read.number(contention, 'servers');
  return {
    ...kept,
    name,
    arrivals: arrivalsOf(value['arrivals'], read),
    ...(servers === undefined ? {} : { servers }),
    service: serviceOf(value, contention, servers !== undefined, read),
  };
}

function serviceOf(value: Fields, contention: Fields | undefined, isServed: boolean, read: Reader): Service {
  const cost = costOf(read.record(value, 'cost') ?? {}, read);
  const noise = read.number(value, 'noise') ?? 0.1;
  const course = courseOf(read.points(value, 'course'));
  let service: Service = isServed
    ? served(cost, noise, 0, course)
    : shared(cost, contentionOf(contention ?? {}, read), noise, course);
  const slow = read.pair(value, 'slow');
  if (slow !== undefined) service = slowTail(service, slow[0], { factor: slow[1] });
  const rate = read.pair(value, 'callsPerSecond');
  if (rate !== undefined) service = bucket(service, rate[0], rate[1]);
  const calls = read.number(value, 'maxInFlight');
  return calls === undefined ? service : ceiling(service, calls);
}

function costOf(fields: Fields, read: Reader): Cost {
  read.only(fields, ['call', 'event', 'root', 'square', 'log', 'power', 'page', 'cliff']);
  const [call = 0, event = 0, root = 0, square = 0, log = 0] = ['call', 'event', 'root', 'square', 'log'].map((field) =>
    read.number(fields, field),
  );
  const [factor, exponent] = read.pair(fields, 'power') ?? [0, 1];
  const [pageEvents, pageMs] = read.pair(fields, 'page') ?? [1, 0];
  const [cliffAt, cliffFactor] = read.pair(fields, 'cliff') ?? [Infinity, 1];
  return (b) => {
    const smooth = call + event * b + root * Math.sqrt(b) + square * b * b + log * Math.log2(1 + b);
    const stepped = factor * b ** exponent + pageMs * Math.ceil(b / pageEvents);
    return (smooth + stepped) * (b > cliffAt ? cliffFactor : 1);
  };
}

function contentionOf(fields: Fields, read: Reader): Contention {
  read.only(fields, ['s', 'k', 'free', 'slope']);
  const free = read.number(fields, 'free');
  if (free !== undefined) return convoy(free, read.number(fields, 'slope') ?? 1);
  return usl(read.number(fields, 's') ?? 0, read.number(fields, 'k') ?? 0);
}

function courseOf(points: readonly (readonly [number, number])[] | undefined): Course {
  if (points === undefined || points.length === 0) return () => 1;
  return (now) => {
    const next = points.findIndex(([ms]) => ms > now);
    const [, last] = points.at(-1) as readonly [number, number];
    if (next === -1) return last;
    const [toMs, to] = points[next] as readonly [number, number];
    if (next === 0) return to;
    const [fromMs, from] = points[next - 1] as readonly [number, number];
    return from + ((to - from) * (now - fromMs)) / (toMs - fromMs);
  };
}

function arrivalsOf(value: unknown, read: Reader): unknown {
  if (!Array.isArray(value)) return value;
  const points = read.points({ arrivals: value }, 'arrivals') ?? [];
  return (now: PlantCall['now']) => points.findLast(([ms]) => ms <= now)?.[1] ?? 0;
}

/** Reads fields and says where one is not what it should be. */
class Reader {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  only(fields: Fields, known: readonly string[]): void {
    const unknown = Object.keys(fields).find((field) => !known.includes(field));
    if (unknown !== undefined)
      throw new PlantError(this.#where, `it has no field ${unknown}; there are ${known.join(', ')}`);
  }

  number(fields: Fields, name: string): number | undefined {
    const value = fields[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) this.#fail(name, 'a number', value);
    return value;
  }

  record(fields: Fields, name: string): Fields | undefined {
    const value = fields[name];
    if (value === undefined) return undefined;
    if (!isRecord(value)) this.#fail(name, 'an object', value);
    return value;
  }

  pair(fields: Fields, name: string): readonly [number, number] | undefined {
    const value = fields[name];
    if (value === undefined) return undefined;
    if (!isPair(value)) this.#fail(name, 'two numbers', value);
    return value;
  }

  points(fields: Fields, name: string): readonly (readonly [number, number])[] | undefined {
    const value = fields[name];
    if (value === undefined) return undefined;
    const isRising =
      Array.isArray(value) &&
      value.every(isPair) &&
      value.every((point, i) => i === 0 || point[0] > (value[i - 1] as [number, number])[0]);
    if (!isRising) this.#fail(name, 'points [ms, value] in order', value);
    return value;
  }

  #fail(name: string, wanted: string, value: unknown): never {
    throw new PlantError(this.#where, `${name} must be ${wanted}, and is ${shown(value)}`);
  }
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'number');
}
