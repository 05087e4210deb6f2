/**
 * The limits that Linux control groups put on this process, versions 1, 2 and both at once.
 *
 * **Invariants**
 * - A limit of any ancestor that can be seen counts: the smallest on the way to the root applies.
 * - No limit is null, however the kernel writes it: `max`, `-1`, or a number near 2^63.
 * - On a system without control groups everything is null and nothing throws.
 *
 * Sources: cgroups(7), Documentation/admin-guide/cgroup-v2.rst, proc_pid_mountinfo(5).
 */

import type { ReadText } from './read-text.ts';

/** Directories to look at, own group first, then its ancestors up to the mount point. */
export interface CgroupPaths {
  readonly unified: readonly string[];
  readonly cpu: readonly string[];
  readonly cpuset: readonly string[];
  readonly memory: readonly string[];
}

export interface CgroupLimits {
  /** CPU time per time, in cores: 1.5 = one and a half. */
  readonly cpuQuotaCores: number | null;
  /** CPUs that the process may be scheduled on, by cpuset and affinity. */
  readonly cpusAllowed: number | null;
  readonly memoryBytes: number | null;
}

/** Finds the process's own groups. They do not change in practice: once per process is enough. */
export function findCgroups(read: ReadText): CgroupPaths {
  const mounts = parseMounts(read('/proc/self/mountinfo') ?? '');
  const groups = parseMembership(read('/proc/self/cgroup') ?? '');
  const v1 = (controller: string): readonly string[] =>
    directories(
      groups.find((group) => group.controllers.includes(controller)),
      mounts.filter((mount) => mount.controllers.includes(controller)),
    );
  return {
    unified: directories(
      groups.find((group) => group.isUnified),
      mounts.filter((mount) => mount.isUnified),
    ),
    cpu: v1('cpu'),
    cpuset: v1('cpuset'),
    memory: v1('memory'),
  };
}

/** Reads the limits as they are now. Cost: two or three small files per level, about 10 us each. */
export function readCgroupLimits(paths: CgroupPaths, read: ReadText): CgroupLimits {
  return {
    cpuQuotaCores: smallest([
      ...paths.unified.map((path) => quotaV2(read(`${path}/cpu.max`))),
      ...paths.cpu.map((path) => quotaV1(read(`${path}/cpu.cfs_quota_us`), read(`${path}/cpu.cfs_period_us`))),
    ]),
    cpusAllowed: smallest([
      cpuCount(read(`${paths.unified[0] ?? ''}/cpuset.cpus.effective`)),
      cpuCount(read(`${paths.cpuset[0] ?? ''}/cpuset.effective_cpus`)),
      cpuCount(read(`${paths.cpuset[0] ?? ''}/cpuset.cpus`)),
      cpuCount(field(read('/proc/self/status'), 'Cpus_allowed_list:')),
    ]),
    memoryBytes: smallest([
      ...paths.unified.map((path) => bytes(read(`${path}/memory.max`))),
      ...paths.memory.map((path) => bytes(read(`${path}/memory.limit_in_bytes`))),
      // Ancestors outside a container cannot be seen; version 1 tells their smallest limit here.
      bytes(field(read(`${paths.memory[0] ?? ''}/memory.stat`), 'hierarchical_memory_limit')),
    ]),
  };
}

interface Mount {
  readonly isUnified: boolean;
  readonly controllers: readonly string[];
  /** The part of the hierarchy that is mounted. */
  readonly root: string;
  /** Where it is mounted. */
  readonly point: string;
}

interface Membership {
  readonly isUnified: boolean;
  readonly controllers: readonly string[];
  readonly path: string;
}

/** `36 35 98:0 /root /mnt/point rw,noatime shared:1 - cgroup cgroup rw,cpu,cpuacct` */
function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [head = '', tail = ''] = line.split(' - ');
    const [, , , root, point] = head.split(' ');
    const [type, , options = ''] = tail.split(' ');
    if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    const isUnified = type === 'cgroup2';
    return [
      { isUnified, controllers: isUnified ? [] : options.split(','), root: unescape(root), point: unescape(point) },
    ];
  });
}

/** `4:cpu,cpuacct:/path` (version 1) or `0::/path` (version 2); the path may contain colons. */
function parseMembership(text: string): Membership[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) return [];
    const [, hierarchy, controllers = '', path = '/'] = match;
    return [{ isUnified: hierarchy === '0' && controllers === '', controllers: controllers.split(','), path }];
  });
}

/** The mount that shows the group, else (a namespace hides it) the first one, taken as the group itself. */
function directories(group: Membership | undefined, mounts: readonly Mount[]): string[] {
  if (group === undefined) return [];
  for (const mount of mounts) {
    const inside = relative(group.path, mount.root);
    if (inside !== undefined) return upwards(mount.point, inside);
  }
  return mounts.slice(0, 1).map((mount) => mount.point);
}

function relative(path: string, root: string): string | undefined {
  if (path.startsWith('/..')) return undefined; // outside of this process's cgroup namespace
  if (root === '/') return path === '/' ? '' : path;
  if (path === root) return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

function upwards(point: string, inside: string): string[] {
  const found: string[] = [];
  for (let rest = inside; rest !== ''; rest = rest.slice(0, rest.lastIndexOf('/'))) found.push(point + rest);
  return [...found, point];
}

function quotaV2(text: string | undefined): number | null {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return quotaV1(quota, period);
}

function quotaV1(quota: string | undefined, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period);
  return cores > 0 && Number.isFinite(cores) ? cores : null;
}

/** Version 1 writes "no limit" as the largest multiple of a page below 2^63; nothing real is above 2^53. */
function bytes(text: string | undefined): number | null {
  const value = Number.parseInt(text ?? '', 10);
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** `0-3,8,10-11` is seven CPUs. */
function cpuCount(list: string | undefined): number | null {
  let count = 0;
  for (const range of (list ?? '').trim().split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (match !== null) count += Number(match[2] ?? match[1]) - Number(match[1]) + 1;
  }
  return count > 0 ? count : null;
}

/** The rest of the line that starts with `name`. */
function field(text: string | undefined, name: string): string | undefined {
  const line = text?.split('\n').find((candidate) => candidate.startsWith(name));
  return line?.slice(name.length).trim();
}

/** mountinfo writes space, tab, newline and backslash as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function smallest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}
