/** Plants that nobody has tuned for: curves, limits, noise and targets drawn from wide ranges, by a seed that is shown. */

import { systemRandom } from '../../../src/host/random.ts';
import type { Plant } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import {
  affine,
  bucket,
  ceiling,
  convoy,
  during,
  perSecond,
  ramp,
  saturated,
  served,
  shared,
  slowTail,
  usl,
  type Contention,
  type Cost,
  type Course,
  type Service,
} from './curves.ts';

/** Draws of one plant. */
class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = systemRandom(seed);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#random();
  }

  /** Every factor as likely as any other. */
  scale(low: number, high: number): number {
    return low * (high / low) ** this.#random();
  }

  whole(low: number, high: number): number {
    return Math.round(this.scale(low, high));
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  oneOf<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }
}

interface Drawn<T> {
  readonly name: string;
  readonly value: T;
}

export function randomScenarios(count: number, seed: number): Scenario[] {
  return Array.from({ length: count }, (_, i) => randomScenario(1000 * seed + i));
}

function randomScenario(seed: number): Scenario {
  const draw = new Draw(seed);
  const callMs = draw.scale(0.2, 60);
  const cost = drawCost(draw, callMs);
  const sigma = draw.chance(0.15) ? draw.between(0.25, 0.5) : draw.between(0.05, 0.2);
  const course = draw.chance(0.2) ? drawCourse(draw) : undefined;
  const servers = draw.chance(0.3) ? draw.whole(1, 40) : undefined;
  const contention = drawContention(draw);
  let service: Service =
    servers === undefined
      ? shared(cost.value, contention.value, sigma, course?.value.course)
      : served(cost.value, sigma, draw.between(0, 0.3) * callMs, course?.value.course);
  const names = [cost.name, servers === undefined ? contention.name : 'servers', course?.name];
  const limit = draw.chance(0.2) ? drawLimit(draw, service, callMs) : undefined;
  service = limit?.value ?? service;
  if (draw.chance(0.12)) service = slowTail(service, draw.between(0.01, 0.06), { factor: draw.between(2, 5) });
  const plant = saturated(
    `random-${seed} ${[...names, limit?.name].filter((name) => name !== undefined).join(' ')}`,
    Math.min(800, Math.max(10, callMs * draw.scale(5, 40))),
    service,
    { ...(servers === undefined ? {} : { servers }), ...course?.value.more },
  );
  return { plant, group: groupOf(cost, course, limit) };
}

function groupOf(cost: Drawn<Cost>, course: Drawn<unknown> | undefined, limit: Drawn<Service> | undefined): string {
  if (limit !== undefined) return 'random, limited';
  if (course !== undefined) return 'random, changing';
  return cost.name === 'affine' ? 'random, affine' : 'random, foreign cost';
}

/** About `callMs` for a batch of one. */
function drawCost(draw: Draw, callMs: number): Drawn<Cost> {
  const eventMs = Math.max(0.002, callMs / draw.scale(10, 300));
  const knee = draw.scale(30, 1500);
  const power = draw.chance(0.5) ? draw.between(1.2, 1.9) : draw.between(0.4, 0.85);
  const page = draw.whole(20, 600);
  const cliff = draw.whole(30, 1500);
  const steep = draw.between(1.5, 4);
  return draw.oneOf<Drawn<Cost>>([
    { name: 'affine', value: affine(callMs, eventMs) },
    { name: 'affine', value: affine(callMs, eventMs) },
    { name: 'square', value: (b) => callMs + eventMs * b * (1 + b / knee) },
    { name: `power-${power.toFixed(2)}`, value: (b) => callMs * (1 + (b / knee) ** power) },
    { name: `pages-${page}`, value: (b) => callMs + eventMs * page * Math.ceil(b / page) },
    { name: `cliff-${cliff}`, value: (b) => (callMs + eventMs * b) * (b > cliff ? steep : 1) },
    { name: 'log', value: (b) => callMs * (1 + 0.5 * Math.log2(1 + b)) },
  ]);
}

function drawContention(draw: Draw): Drawn<Contention> {
  const [s, k] = [draw.scale(0.005, 0.1), draw.scale(0.0002, 0.03)];
  const [free, slope] = [draw.whole(2, 50), draw.between(0.15, 1.2)];
  const bytes = draw.scale(300, 8000);
  return draw.oneOf<Drawn<Contention>>([
    { name: 'usl', value: usl(s, k) },
    { name: 'usl', value: usl(s, k) },
    { name: `convoy-${free}`, value: convoy(free, slope) },
    { name: 'bandwidth', value: (n, b) => (1 + s * (n - 1)) * Math.max(1, (n * b) / bytes) },
  ]);
}

function drawCourse(draw: Draw): Drawn<{ readonly course: Course; readonly more: Partial<Plant> }> {
  const factor = draw.chance(0.5) ? draw.between(2, 5) : 1 / draw.between(2, 5);
  const periodMs = draw.scale(12_000, 40_000);
  const share = draw.between(0.2, 0.5);
  return draw.oneOf([
    {
      name: `step-${factor.toFixed(1)}`,
      value: {
        course: during(15_000, 30_000, factor),
        more: {
          durationMs: 45_000,
          phases: [
            [0, 15_000],
            [15_000, 30_000],
            [30_000, 45_000],
          ],
        },
      },
    },
    {
      name: `drift-${factor.toFixed(1)}`,
      value: { course: ramp(10_000, 25_000, factor), more: { durationMs: 40_000 } },
    },
    {
      name: 'wave',
      value: {
        course: (now: number) => 1 + share * Math.sin((2 * Math.PI * now) / periodMs),
        more: { durationMs: 50_000 },
      },
    },
  ]);
}

function drawLimit(draw: Draw, service: Service, callMs: number): Drawn<Service> {
  const rate = Math.max(15, (1000 / callMs) * draw.scale(0.4, 4));
  const calls = draw.whole(2, 40);
  return draw.oneOf<Drawn<Service>>([
    { name: 'bucket', value: bucket(service, rate, Math.max(2, rate * draw.between(0.02, 0.15)), Math.min(5, callMs)) },
    { name: 'window', value: perSecond(service, Math.round(rate), Math.min(5, callMs)) },
    { name: `ceiling-${calls}`, value: ceiling(service, calls, Math.min(3, callMs)) },
  ]);
}
