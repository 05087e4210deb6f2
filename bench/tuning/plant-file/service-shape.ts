/**
 * The older shape of plants: `{ svc({ b, n, now, r, servers }) -> { dt, ok?, bp?, work }, mode, T, tEnd, k, phases }`
 * with phases in seconds. Group by `fam`: 'in', or anything else.
 */

import type { Plant, PlantCall, PlantReply } from 'daoflow/testing';
import type { Scenario } from '../scenario.ts';
import { checkedPlant, isPositive, PlantError, shown } from './check.ts';

interface ServiceReply {
  readonly dt: number;
  readonly ok?: boolean;
  /** Back-pressure: refused rather than failed. */
  readonly bp?: boolean;
  readonly work?: number;
}

type ServiceFunction = (call: {
  readonly b: number;
  readonly n: number;
  readonly now: number;
  readonly r: PlantCall['random'];
  readonly servers: PlantCall['servers'];
}) => ServiceReply;

export function isServicePlant(value: Record<string, unknown>): boolean {
  return typeof value['svc'] === 'function';
}

export function plantOfService(value: Record<string, unknown>, key: string, where: string): Scenario {
  const name = typeof value['name'] === 'string' ? value['name'] : key;
  const { mode, T, tEnd, k, phases, fam, grp } = value;
  if (!isPositive(T)) throw new PlantError(where, `${name}: T must be a number of ms above 0, and is ${shown(T)}`);
  const service = value['svc'] as ServiceFunction;
  const plant = {
    name,
    targetMs: T,
    arrivals: mode === 'open' ? (value['rate'] ?? value['lam']) : 'saturating',
    service: (call: PlantCall) => replyOf(service(callOf(call))),
    ...(k === undefined ? {} : { servers: k }),
    ...(tEnd === undefined ? {} : { durationMs: tEnd }),
    ...(phases === undefined ? {} : { phases: inMs(phases) }),
    ...(fam === undefined ? {} : { inFamily: fam === 'in' }),
  };
  const checked: Plant = checkedPlant(plant, where);
  const half = typeof grp === 'string' ? ` ${grp}` : '';
  return { plant: checked, group: `${checked.inFamily === true ? 'in' : 'out of'} family${half}` };
}

function callOf({ batch, inFlight, now, random, servers }: PlantCall): Parameters<ServiceFunction>[0] {
  return { b: batch, n: inFlight, now, r: random, servers };
}

function replyOf({ dt, ok, bp, work }: ServiceReply): PlantReply {
  const outcome = ok === false ? (bp === true ? 'rejected' : 'failed') : 'ok';
  return { durationMs: dt, outcome, ...(work === undefined ? {} : { work }) };
}

function inMs(phases: unknown): unknown {
  if (!Array.isArray(phases)) return phases;
  return phases.map((phase: unknown) =>
    Array.isArray(phase) ? phase.map((second: unknown) => (second as number) * 1000) : phase,
  );
}
