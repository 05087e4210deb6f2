import { Flow, type FlowOptions } from '../flow/flow.ts';
import type { ResourceSample } from '../metrics/resources.ts';
import type { Controller } from '../tuning/controller.ts';
import { v8Codec, v8Values } from '../host/checkpoint-codec.ts';
import { systemRandom } from '../host/random.ts';
import { openLog, type Log } from '../log/log.ts';
import type { LogOptions } from '../log/options.ts';
import { FlowRun } from '../runtime/run/flow-run.ts';
import type { Host } from '../runtime/host.ts';
import { Inspection } from '../runtime/intake/inspection.ts';
import { openSpills } from '../runtime/stage/spill/spills.ts';
import { CheckpointFiles } from '../state/checkpoint-files.ts';
import { CommittedCheckpoints } from '../state/committed-checkpoints.ts';
import { SimulatedDisk } from './storage/simulated-disk.ts';
import { mountDisk } from './storage/simulated-file-system.ts';
import { VirtualScheduler } from './virtual-scheduler.ts';

/** A machine without a machine: virtual time, seeded randomness, no resources to measure. */
export interface VirtualHost extends Host {
  readonly scheduler: VirtualScheduler;
  /** Where checkpoints and spills are. It never fails, unless a test says so; a crash of it ends all runs. */
  readonly disk: SimulatedDisk;
}

export interface VirtualHostOptions {
  /** Of the run's random numbers. Default 1. */
  readonly seed?: number;
  /** Cold-start capacity of the edges. Default 2000. */
  readonly edgeEvents?: number;
  /** What the process uses of what it may use, read at each period. Default: nothing is known. */
  readonly resources?: () => Partial<ResourceSample>;
  /** False: closures instead of generated loops. Default true. */
  readonly generateCode?: boolean;
}

export function virtualHost(options: VirtualHostOptions = {}): VirtualHost {
  const { seed = 1, edgeEvents = 2000, generateCode = true, resources = () => ({}) } = options;
  const scheduler = new VirtualScheduler();
  const files = new Map<string, string>();
  const disk = new SimulatedDisk({ scheduler, random: systemRandom(seed) });
  return {
    scheduler,
    disk,
    random: (given) => systemRandom(given ?? seed),
    resources: { read: () => ({ ...NOTHING_KNOWN, ...resources() }) },
    loopUtilization: () => null,
    edgeEvents,
    canGenerateCode: generateCode,
    publish: () => undefined,
    keptFile: (path) => ({
      read: async () => Promise.resolve(files.get(path)),
      write: async (text) => Promise.resolve(void files.set(path, text)),
    }),
    committedCheckpoints: (begin) => new CommittedCheckpoints(begin, v8Codec),
    checkpoints: (directory) => new CheckpointFiles(`${directory}/checkpoints`, () => mountDisk(disk), v8Codec),
    openSpills: (request, environment) => {
      const machine = { fileSystem: mountDisk(disk), scheduler };
      const open = (directory: string, logOptions: LogOptions): Promise<Log> => openLog(directory, logOptions, machine);
      return openSpills(request, environment, { open, ...v8Values });
    },
    deadLetterLog: () => ({ name: 'dead-letters', open: () => ({ write: () => undefined }) }),
    inspection: async (inspected) => Promise.resolve(new Inspection(inspected)),
    hold: () => ({ cancel: () => undefined }),
  };
}

const NOTHING_KNOWN = {
  cpuRatio: null,
  cpuLimitCores: null,
  memoryRatio: null,
  memoryBytes: null,
  memoryLimitBytes: null,
  ioWaitRatio: null,
  ioPressureRatio: null,
};

export interface VirtualFlowOptions extends FlowOptions {
  /** Tunes the stages in place of the engine's own. */
  readonly controller?: Controller<unknown>;
}

/** A flow whose runs live on `host`: the same engine, in virtual time. */
export function virtualFlow(name: string, host: VirtualHost, options: VirtualFlowOptions = {}): Flow {
  const { controller, ...declared } = options;
  return new Flow(name, declared, (definition, runOptions) => new FlowRun(definition, runOptions, host, controller));
}
