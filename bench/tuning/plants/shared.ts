/** What stages and instances share: rows 17 and 20 of the matrix (docs/tuning). */

import { firstFree, noise, type Plant, type PlantCall } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import type { FlowScenario } from '../shared/flow.ts';
import { affine, bucket, saturated, served, shared, usl } from './curves.ts';

/** Time on a shared core, then time elsewhere. */
const onCore = (call: PlantCall, coreMs: number, elsewhereMs: number): number =>
  firstFree(call, coreMs * noise(call.random, 0.1)) + elsewhereMs;

/** Three stages; half-way the work of one becomes that of another. */
function moving(name: string, targetMs: number, cores: number, eventMs: number, baseMs: number): FlowScenario {
  const heavy = (isHeavy: boolean): number => (isHeavy ? 4 * eventMs : eventMs);
  return {
    name,
    targetMs,
    servers: cores,
    durationMs: 60_000,
    phases: [
      [0, 30_000],
      [30_000, 60_000],
    ],
    stages: [
      { name: 'parse', service: (call) => onCore(call, baseMs + eventMs * call.batch, 1) },
      { name: 'enrich', service: (call) => onCore(call, baseMs + heavy(call.now < 30_000) * call.batch, 2) },
      { name: 'store', service: (call) => onCore(call, baseMs + heavy(call.now >= 30_000) * call.batch, 2) },
    ],
  };
}

const flows: readonly FlowScenario[] = [
  moving('moving-4-cores', 60, 4, 0.01, 0.5),
  moving('moving-2-cores', 100, 2, 0.02, 0.8),
];

const oneSink: readonly Plant[] = [
  saturated('one-sink-servers', 60, served(affine(2, 0.02), 0.12, 0.8), { servers: 8, inFamily: true }),
  saturated('one-sink-usl', 50, shared(affine(1.5, 0.02), usl(0.03, 0.003), 0.12), { inFamily: true }),
  saturated('one-sink-rate', 120, bucket(shared(affine(4, 0.02), usl(0.02, 0.0005), 0.12), 100, 10), {
    inFamily: true,
  }),
];

export const sharing: readonly Scenario[] = [
  ...flows.map((flow) => ({
    // Only its name and target are read.
    plant: saturated(flow.name, flow.targetMs, () => 1),
    flow,
    group: '17 shared cores',
    asks: { throughput: 0.93, p95: 1.03, reconvergencePeriods: 50, turns: 2 },
  })),
  ...oneSink.map((plant) => ({
    plant,
    instances: 2,
    group: '20 two instances',
    asks: { throughput: 0.95, fairness: 0.9 },
  })),
];
