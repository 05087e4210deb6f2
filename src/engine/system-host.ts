import { availableParallelism, cpus } from 'node:os';
import { coldStartCapacity } from '../buffer/capacity.ts';
import { canGenerate } from '../fusion/generated.ts';
import { publishDiagnostics } from '../host/diagnostics.ts';
import { keptFile } from '../host/kept-file.ts';
import { loopUtilizationReader } from '../host/event-loop.ts';
import { systemRandom } from '../host/random.ts';
import { systemResources } from '../host/resources.ts';
import { holdProcess, systemScheduler } from '../host/scheduler.ts';
import type { Host } from '../runtime/host.ts';

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
    keptFile,
    hold: holdProcess,
  };
}
