import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Share of all cores that others use, 0..1, measured while nothing of ours runs: their work is in every figure. */
export async function othersCpu(ms = 300): Promise<number> {
  const before = times();
  await sleep(ms);
  const after = times();
  const all = after.all - before.all;
  return all === 0 ? 0 : 1 - (after.idle - before.idle) / all;
}

function times(): { idle: number; all: number } {
  let idle = 0;
  let all = 0;
  for (const { times: each } of cpus()) {
    idle += each.idle;
    all += each.user + each.nice + each.sys + each.irq + each.idle;
  }
  return { idle, all };
}
