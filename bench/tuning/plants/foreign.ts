/** Row 16: cost curves that no law has in its model. */

import type { Plant } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import { affine, convoy, perSecond, bucket, ramp, saturated, served, shared, slowTail, usl } from './curves.ts';

const gentle = usl(0.02, 0.001);

const plants: readonly Plant[] = [
  // More than proportional in the batch.
  saturated(
    'square',
    50,
    shared((b) => 1.5 + 0.015 * b + 4e-5 * b * b, usl(0.03, 0.003), 0.15),
  ),
  saturated(
    'square-servers',
    80,
    served((b) => 3 + 0.03 * b + 8e-5 * b * b, 0.15, 0.5),
    { servers: 7 },
  ),
  saturated(
    'power-1.6',
    60,
    shared((b) => 1 + 0.004 * b ** 1.6, usl(0.05, 0.004), 0.15),
  ),
  // Less than proportional.
  saturated(
    'root',
    40,
    shared((b) => 1.2 + 0.45 * Math.sqrt(b), usl(0.04, 0.003), 0.12),
  ),
  saturated(
    'power-0.7',
    90,
    shared((b) => 4 + 0.5 * b ** 0.7, usl(0.02, 0.002), 0.15),
  ),
  saturated(
    'log',
    60,
    shared((b) => 0.8 + 2 * Math.log2(1 + b), usl(0.05, 0.003), 0.15),
  ),
  // Steps.
  saturated(
    'pages-48',
    25,
    shared((b) => 0.7 + 1.1 * Math.ceil(b / 48), usl(0.03, 0.003), 0.1),
  ),
  saturated(
    'pages-300',
    120,
    served((b) => 2 + 6 * Math.ceil(b / 300), 0.12, 1),
    { servers: 6 },
  ),
  saturated(
    'cliff-180',
    70,
    shared((b) => (2 + 0.03 * b) * (b > 180 ? 2.4 : 1), usl(0.03, 0.002), 0.12),
  ),
  saturated(
    'cliff-700',
    150,
    shared((b) => (5 + 0.03 * b) * (b > 700 ? 3 : 1), usl(0.03, 0.004), 0.12),
  ),
  saturated(
    'cliff-in-calls-9',
    60,
    shared(affine(2, 0.03), (n) => (n > 9 ? 3 : 1) * (1 + 0.01 * n), 0.12),
  ),
  // Calls that hold each other up.
  saturated('convoy-7', 70, shared(affine(2, 0.04), convoy(7, 0.8), 0.15)),
  saturated('convoy-26', 60, shared(affine(2, 0.02), convoy(26, 0.3), 0.12)),
  saturated(
    'convoy-square',
    50,
    shared(affine(1, 0.02), (n) => 1 + Math.max(0, (n - 14) / 8) ** 2, 0.12),
  ),
  // Bytes at once, not calls.
  saturated(
    'bandwidth',
    90,
    shared(affine(3, 0.01), (n, b) => (1 + 0.01 * n) * Math.max(1, (n * b) / 2500), 0.12),
  ),
  saturated(
    'memory-3000',
    100,
    shared(affine(3, 0.02), (n, b) => 1 + 0.01 * n + Math.max(0, (n * b - 3000) / 1500) ** 2, 0.12),
  ),
  // Time.
  saturated(
    'warm-up',
    50,
    shared(affine(1.5, 0.02), gentle, 0.12, (now) => 1 + 2.5 * Math.exp(-now / 5000)),
    { durationMs: 40_000 },
  ),
  saturated(
    'waves',
    60,
    shared(affine(2, 0.03), usl(0.03, 0.003), 0.12, (now) => 1.6 + 0.6 * Math.sin(now / 4000)),
    { durationMs: 60_000 },
  ),
  saturated(
    'growing-index',
    80,
    shared((b) => 2 + 0.02 * b + 1e-5 * b * b, usl(0.03, 0.002), 0.15, ramp(5000, 40_000, 2.2)),
    { durationMs: 40_000 },
  ),
  // Stalls and tails.
  saturated('stalls', 120, slowTail(shared(affine(2.5, 0.02), usl(0.03, 0.003), 0.15), 0.03, { ms: 30 })),
  saturated('two-speeds', 90, slowTail(shared(affine(2, 0.02), convoy(12, 0.4), 0.2), 0.15, { factor: 2.5 })),
  // Limits of calls per second with curves of their own.
  saturated(
    'rate-60-root',
    200,
    bucket(
      shared((b) => 8 + 0.8 * Math.sqrt(b), gentle, 0.15),
      60,
      6,
    ),
  ),
  saturated(
    'rate-250-window',
    90,
    perSecond(
      shared((b) => 2 + 0.01 * b + 1e-5 * b * b, gentle, 0.15),
      250,
    ),
  ),
  // Slow and tiny calls.
  saturated(
    'slow-120',
    450,
    shared((b) => 120 + 0.3 * b, usl(0.02, 0.002), 0.15),
  ),
  saturated(
    'slow-250-square',
    900,
    shared((b) => 200 + 0.4 * b + 0.001 * b * b, convoy(8, 0.5), 0.15),
  ),
  saturated(
    'slow-root',
    600,
    served((b) => 80 + 6 * Math.sqrt(b), 0.2, 5),
    { servers: 12 },
  ),
  saturated(
    'tiny',
    10,
    shared((b) => 0.12 + 0.0015 * b ** 1.1, usl(0.06, 0.006), 0.15),
  ),
  saturated(
    'tiny-convoy',
    15,
    shared((b) => 0.2 + 0.003 * b, convoy(4, 0.7), 0.15),
  ),
];

export const foreign: readonly Scenario[] = plants.map((plant) => ({
  group: '16 foreign curves',
  plant: { inFamily: false, ...plant },
  asks: { throughput: 0.9 },
}));
