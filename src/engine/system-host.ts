import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { coldStartCapacity } from '../buffer/capacity.ts';
import { deadLetterLog } from '../connector/dead-letters/log-sink.ts';
import { canGenerate } from '../fusion/generated.ts';
import { publishDiagnostics } from '../host/diagnostics.ts';
import { loopUtilizationReader } from '../host/event-loop.ts';
import { systemRandom } from '../host/random.ts';
import { systemResources } from '../host/resources.ts';
import { holdProcess, systemScheduler } from '../host/scheduler.ts';
import type { Host } from '../runtime/host.ts';
import { CheckpointsLoadedLater } from './checkpoints-loaded-later.ts';

/** Few flows keep anything. */
const codecs = () => import('../host/checkpoint-codec.ts');

/** The real machine, as a run needs it. */
export function systemHost(): Host {
  return {
    scheduler: systemScheduler(),
    random: systemRandom,
    resources: systemResources(),
    loopUtilization: loopUtilizationReader(),
    edgeEvents: coldStartCapacity({ availableParallelism: availableParallelism(), cpus: cpus().length }),
    canGenerateCode: canGenerate(),
    publish: publishDiagnostics,
    keptFile: (path) => {
      const file = async () => (await import('../host/kept-file.ts')).keptFile(path);
      return { read: async () => (await file()).read(), write: async (text) => (await file()).write(text) };
    },
    checkpoints: (directory) =>
      new CheckpointsLoadedLater(async () => {
        const [{ CheckpointFiles }, { systemFileSystem }, { v8Codec }] = await Promise.all([
          import('../state/checkpoint-files.ts'),
          import('../host/file-system.ts'),
          codecs(),
        ]);
        return new CheckpointFiles(join(directory, 'checkpoints'), systemFileSystem, v8Codec);
      }),
    committedCheckpoints: (begin) =>
      new CheckpointsLoadedLater(async () => {
        const [{ CommittedCheckpoints }, { v8Codec }] = await Promise.all([
          import('../state/committed-checkpoints.ts'),
          codecs(),
        ]);
        return new CommittedCheckpoints(begin, v8Codec);
      }),
    openSpills: async (request, environment) => {
      // Few flows need them.
      const [{ openSpills }, { durableLog }, { v8Values }] = await Promise.all([
        import('../runtime/stage/spill/spills.ts'),
        import('./durable-log.ts'),
        codecs(),
      ]);
      return openSpills(request, environment, { open: durableLog, ...v8Values });
    },
    deadLetterLog,
    inspection: async (options) => {
      const { Inspection } = await import('../runtime/intake/inspection.ts');
      return new Inspection(options);
    },
    hold: holdProcess,
  };
}
