/**
 * A chain of stages of the engine in virtual time, with the engine's whole control loop: solvers, arbiter, buffer
 * manager. What their calls take is a model; `servers` are shared by all stages, as the cores of a machine are.
 * The source always has more. Deterministic: the same plant, seed and options give the same run.
 */

import type { SourceBatch } from '../../event/batch.ts';
import type { EventSource } from '../../event/source.ts';
import { Flow, type FlowOptions } from '../../flow/flow.ts';
import type { RunOptions } from '../../flow/run.ts';
import type { Stream } from '../../flow/stream.ts';
import { systemRandom } from '../../host/random.ts';
import type { FlowSnapshot } from '../../metrics/snapshot.ts';
import { FlowRun } from '../../runtime/run/flow-run.ts';
import { virtualHost } from '../virtual-host.ts';
import { DiscreteScheduler } from '../discrete-scheduler.ts';
import type { PlantCall } from './plant.ts';

export interface FlowPlant {
  readonly name: string;
  /** p95 of acceptance to the last stage's confirmation to keep, ms. */
  readonly targetMs: number;
  /** In flow order; the last one is the sink. `service` gives what a call takes, ms. */
  readonly stages: readonly { readonly name: string; readonly service: (call: PlantCall) => number }[];
  /** Length of `call.servers`, which all stages share. */
  readonly servers: number;
  /** Virtual ms. */
  readonly durationMs: number;
}

export interface FlowSimulationOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Settings to leave fixed. Default: everything tunes itself. */
  readonly fixed?: {
    /** Of all stages, or by stage; what is not named is 1. */
    readonly batch: number | Readonly<Record<string, number>>;
    readonly queue: number | Readonly<Record<string, number>>;
    readonly concurrency: Readonly<Record<string, number>>;
  };
  readonly flow?: Omit<FlowOptions, 'targets'>;
}

/** One second of a run. */
export interface FlowSecond {
  /** Virtual ms at its end. */
  readonly at: number;
  /** Events confirmed by the sink. */
  readonly done: number;
  /** Of acceptance to the sink's confirmation, ms; null while nothing was confirmed. */
  readonly p95Ms: number | null;
  readonly snapshot: FlowSnapshot;
}

/** Chains of promises within a flow come to rest in so many turns. */
const TURNS = 16;
const READ_EVENTS = 256;

export async function simulateFlow(plant: FlowPlant, options: FlowSimulationOptions = {}): Promise<FlowSecond[]> {
  const { seed = 1, fixed, flow } = options;
  const scheduler = new DiscreteScheduler(0, TURNS);
  const host = { ...virtualHost({ seed }), scheduler };
  const call = callsOf(plant, seed, scheduler);
  const runs: FlowRun[] = [];
  const declared = new Flow(
    plant.name,
    { ...flow, targets: { latency: { p95: plant.targetMs } } },
    (definition, run) => {
      const started = new FlowRun(definition, run, host);
      runs.push(started);
      return started;
    },
  );
  const first = plant.stages[0]?.name ?? '';
  let stream: Stream<unknown> = declared.from(saturating(() => runs[0]?.settings.get(first).edgeEvents ?? 1));
  const sizes = (name: string) =>
    fixed === undefined
      ? { name }
      : {
          name,
          batch: sizeOf(fixed.batch, name),
          concurrency: fixed.concurrency[name] ?? 1,
          queue: { events: sizeOf(fixed.queue, name) },
        };
  for (const { name } of plant.stages.slice(0, -1)) {
    const pass = (events: readonly unknown[]): Promise<readonly unknown[]> =>
      call(name, events.length).then(() => events);
    stream = stream.mapBatch(pass, sizes(name));
  }
  const last = plant.stages.at(-1)?.name ?? '';
  const tuning: RunOptions = { seed, tuning: fixed === undefined ? 'auto' : 'off' };
  const run = stream.to((events) => call(last, events.length), sizes(last)).run(tuning);
  void run.done.catch(() => undefined);

  const seconds: FlowSecond[] = [];
  let before = 0;
  for (let at = 1000; at <= plant.durationMs; at += 1000) {
    await scheduler.runUntil(at);
    const snapshot = run.snapshot();
    const { confirmed } = snapshot.totals;
    seconds.push({ at, done: confirmed - before, p95Ms: snapshot.system.response_time.p95, snapshot });
    before = confirmed;
  }
  void run.stop().catch(() => undefined);
  return seconds;
}

function sizeOf(size: number | Readonly<Record<string, number>>, stage: string): number {
  return typeof size === 'number' ? size : (size[stage] ?? 1);
}

function callsOf(plant: FlowPlant, seed: number, scheduler: DiscreteScheduler) {
  const random = systemRandom(seed + 1);
  const servers = new Float64Array(plant.servers);
  const stages = new Map(plant.stages.map(({ name, service }) => [name, { service, inFlight: 0, state: {} }]));
  return (name: string, batch: number): Promise<void> => {
    const stage = stages.get(name);
    if (stage === undefined) throw new RangeError(`no stage named ${name}`);
    stage.inFlight += 1;
    const { inFlight, state } = stage;
    const ms = stage.service({ batch, inFlight, now: scheduler.now(), random, servers, state });
    return new Promise((resolve) => {
      scheduler.after(ms, () => {
        stage.inFlight -= 1;
        resolve();
      });
    });
  };
}

/** Writes whenever there is room, in slices that add up to the capacity of the first edge. */
function saturating(edgeEvents: () => number): EventSource<unknown> {
  return {
    kind: 'events',
    name: 'load',
    run: async (output, { signal }) => {
      while (!signal.aborted) {
        const capacity = edgeEvents();
        const events = Math.ceil(capacity / Math.ceil(capacity / READ_EVENTS));
        const batch: SourceBatch = { events: new Array<unknown>(events).fill(0), bytes: events * 64 };
        await output.write(batch);
      }
    },
  };
}
