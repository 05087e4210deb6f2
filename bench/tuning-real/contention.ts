/**
 * CPU that was not ours while we measured: what programs of others used of this machine's cores, and what its host gave to
 * other machines (steal). Ours is this process and all that it started: engine, load, servers.
 *
 * From /proc, so on Linux only; elsewhere nothing is known.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Starts watching. @returns what ends it: the share of all cores that was not ours, 0..1; null where nothing is known */
export function watchOthers(): () => number | null {
  if (!existsSync('/proc/stat')) return () => null;
  const before = cpuTimes();
  return () => othersShare(before, cpuTimes());
}

/** Ticks since the machine started. */
export interface CpuTimes {
  readonly all: number;
  /** Of programs, interrupts not counted. */
  readonly busy: number;
  readonly stolen: number;
  readonly own: number;
}

export function othersShare(before: CpuTimes, after: CpuTimes): number {
  const all = after.all - before.all;
  if (all <= 0) return 0;
  const others = after.busy - before.busy - (after.own - before.own);
  // Ticks of processes and of the machine are counted apart: a small difference may be negative.
  return Math.max(0, others + (after.stolen - before.stolen)) / all;
}

function cpuTimes(): CpuTimes {
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, stolen = 0] = readFileSync(
    '/proc/stat',
    'utf8',
  )
    .slice(0, 200)
    .split('\n', 1)[0]
    ?.trim()
    .split(/\s+/)
    .slice(1)
    .map(Number) as number[];
  const busy = user + nice + system;
  return { all: busy + idle + wait + irq + soft + stolen, busy, stolen, own: ownTicks(process.pid) };
}

interface Process {
  readonly id: number;
  readonly parent: number;
  /** Its own and those of its children that have ended. */
  readonly ticks: number;
}

function ownTicks(root: number): number {
  return ticksOf(root, allProcesses());
}

/** Of a process and all below it. */
export function ticksOf(root: number, all: readonly Process[]): number {
  const own = all.find(({ id }) => id === root)?.ticks ?? 0;
  const children = all.filter(({ parent }) => parent === root);
  return children.reduce((sum, { id }) => sum + ticksOf(id, all), own);
}

function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [processOf(Number(name), readFileSync(`/proc/${name}/stat`, 'utf8'))];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}

/** @param stat - as proc(5) has it: after the name, which may hold anything, come state, parent, ... */
export function processOf(id: number, stat: string): Process {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (place: number): number => Number(fields[place - 3]);
  return { id, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
