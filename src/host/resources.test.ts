import { describe, expect, it } from 'vitest';

import { fixtureHosts } from './host-fixtures.ts';
import { systemResources, type ResourceHost } from './resources.ts';

const GB = 1024 ** 3;

describe('CPU use', () => {
  it('is the CPU time of the process over elapsed time and allowed cores', () => {
    const host = new FakeHost('v2-nested'); // two cores allowed
    const reader = systemResources(host);
    host.pass(1000, { cpuMs: 500 });
    expect(reader.read()).toMatchObject({ cpuRatio: 0.25, cpuLimitCores: 2 });
    host.pass(500, { cpuMs: 1000 });
    expect(reader.read().cpuRatio).toBe(1);
  });

  it('is unknown, not zero, before 100 ms have passed', () => {
    const host = new FakeHost('v2-nested');
    const reader = systemResources(host);
    host.pass(99, { cpuMs: 50 });
    expect(reader.read().cpuRatio).toBeNull();
  });

  it('is unknown where the process may not ask', () => {
    const host = new FakeHost('macos');
    host.micros = null;
    const reader = systemResources(host);
    host.pass(1000);
    expect(reader.read().cpuRatio).toBeNull();
  });

  it('is shared by readers who come within 100 ms of each other', () => {
    const host = new FakeHost('v2-nested');
    const reader = systemResources(host);
    host.pass(1000, { cpuMs: 1000 });
    const first = reader.read();
    host.pass(99, { cpuMs: 198 });
    expect(reader.read()).toBe(first);
    host.pass(1, { cpuMs: 2 });
    expect(reader.read().cpuRatio).toBe(1);
  });

  it('stays within 0..1 although the clocks of the two sides differ a little', () => {
    const host = new FakeHost('v2-nested');
    const reader = systemResources(host);
    host.pass(1000, { cpuMs: 2010 });
    expect(reader.read().cpuRatio).toBe(1);
  });
});

describe('allowed cores', () => {
  it.each([
    ['the quota, even when Node rounds it down', 'v1-docker', 1, 1.5],
    ['the CPUs of the cpuset or affinity mask', 'hybrid', 8, 2.5],
    ['what Node offers, where nothing is limited', 'v2-no-limit', 6, 6],
    ['what Node offers, where there are no control groups', 'macos', 6, 6],
    ['never more than the host has', 'v2-namespace', 8, 0.5],
  ])('are %s (%s)', (_, fixture, availableParallelism, expected) => {
    const host = new FakeHost(fixture);
    host.parallelism = availableParallelism;
    expect(systemResources(host).read().cpuLimitCores).toBe(expected);
  });

  it('are the CPUs in the affinity mask when that is tighter than what Node offers', () => {
    const host = new FakeHost('v1-no-limit'); // 0-1
    expect(systemResources(host).read().cpuLimitCores).toBe(2);
  });

  it('do not grow by CPUs in the mask that the host does not have', () => {
    const host = new FakeHost('macos');
    host.files = (path) => (path === '/proc/self/status' ? 'Cpus_allowed_list:\t0-127\n' : undefined);
    expect(systemResources(host).read().cpuLimitCores).toBe(8);
  });

  it('follow a limit that changes, within 5 s', () => {
    const host = new FakeHost('macos');
    const files = new Map([
      ['/proc/self/cgroup', '0::/'],
      ['/proc/self/mountinfo', '1 2 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw'],
      ['/sys/fs/cgroup/cpu.max', '50000 100000'],
    ]);
    host.files = (path) => files.get(path);
    const reader = systemResources(host);
    files.set('/sys/fs/cgroup/cpu.max', '200000 100000');
    host.pass(4999);
    expect(reader.read().cpuLimitCores).toBe(0.5);
    host.pass(101);
    expect(reader.read().cpuLimitCores).toBe(2);
    files.set('/sys/fs/cgroup/cpu.max', '300000 100000');
    host.pass(1000);
    expect(reader.read().cpuLimitCores).toBe(2); // and not more often than that: it costs
  });
});

describe('memory use', () => {
  it('is resident memory over the tightest limit', () => {
    const host = new FakeHost('v2-nested'); // 2 GiB, by an ancestor
    host.rss = GB;
    expect(systemResources(host).read()).toMatchObject({
      memoryRatio: 0.5,
      memoryBytes: GB,
      memoryLimitBytes: 2 * GB,
    });
  });

  it('is the heap over its limit when that wall is nearer', () => {
    const host = new FakeHost('v2-nested');
    host.rss = GB;
    host.heapBytes = { usedBytes: 0.9 * GB, limitBytes: GB };
    expect(systemResources(host).read().memoryRatio).toBeCloseTo(0.9);
  });

  it.each([
    ['no limit', undefined],
    ['0', 0],
    ['2^64', 2 ** 64],
  ])('falls back to the memory of the host where Node says %s', (_, constrained) => {
    const host = new FakeHost('v1-no-limit');
    host.constrained = constrained;
    expect(systemResources(host).read().memoryLimitBytes).toBe(16 * GB);
  });

  it('takes a limit that only Node knows', () => {
    const host = new FakeHost('macos');
    host.constrained = 4 * GB;
    expect(systemResources(host).read().memoryLimitBytes).toBe(4 * GB);
  });

  it('is unknown where neither memory nor heap can be read', () => {
    const host = new FakeHost('macos');
    host.rss = null;
    host.heapBytes = null;
    expect(systemResources(host).read()).toMatchObject({ memoryRatio: null, memoryBytes: null });
  });
});

describe('waiting for I/O', () => {
  const stat = (ioWait: number, idle: number): string =>
    `cpu  100 0 50 ${idle} ${ioWait} 0 5 0 ${idle} 0\ncpu0 1 2 3\n`;
  const psi = (total: number): string =>
    `some avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`;

  it('is the share of CPU time idle with I/O outstanding, over at least a second', () => {
    const host = new FakeHost('macos');
    const files = new Map([['/proc/stat', stat(10, 1000)]]);
    host.files = (path) => files.get(path);
    const reader = systemResources(host);
    files.set('/proc/stat', stat(60, 1150));
    host.pass(999);
    expect(reader.read().ioWaitRatio).toBeNull();
    host.pass(100);
    expect(reader.read().ioWaitRatio).toBe(0.25);
    files.set('/proc/stat', stat(60, 9999));
    host.pass(100);
    expect(reader.read().ioWaitRatio).toBe(0.25);
    host.pass(1000);
    expect(reader.read().ioWaitRatio).toBe(0);
  });

  it('is zero, not negative, when the kernel corrects its counter', () => {
    const host = new FakeHost('macos');
    const files = new Map([['/proc/stat', stat(10, 1000)]]);
    host.files = (path) => files.get(path);
    const reader = systemResources(host);
    files.set('/proc/stat', stat(9, 1150));
    host.pass(1000);
    expect(reader.read().ioWaitRatio).toBe(0);
  });

  it('keeps the pressure of the kernel as a figure of its own', () => {
    const host = new FakeHost('macos');
    const files = new Map([['/proc/pressure/io', psi(1_000_000)]]);
    host.files = (path) => files.get(path);
    const reader = systemResources(host);
    files.set('/proc/pressure/io', psi(1_500_000));
    host.pass(2000);
    expect(reader.read()).toMatchObject({ ioWaitRatio: null, ioPressureRatio: 0.25 });
  });

  it.each([
    ['no such files', undefined],
    ['a line without that column', 'cpu  1 2 3 4\n'],
    ['something else', 'hello\n'],
    ['counters that do not move', stat(10, 1000)],
  ])('is unknown where the system has %s', (_, text) => {
    const host = new FakeHost('macos');
    host.files = (path) => (path === '/proc/stat' ? text : undefined);
    const reader = systemResources(host);
    host.pass(1000);
    expect(reader.read()).toMatchObject({ ioWaitRatio: null, ioPressureRatio: null });
  });
});

/** Eight CPUs, 16 GiB and the files of a fixture. */
class FakeHost implements ResourceHost {
  at = 1000;
  micros: number | null = 5_000_000;
  rss: number | null = GB;
  heapBytes: { usedBytes: number; limitBytes: number } | null = { usedBytes: 0, limitBytes: 4 * GB };
  parallelism = 8;
  constrained: number | undefined = undefined;
  files: (path: string) => string | undefined;
  readonly cpus = 8;
  readonly totalMemoryBytes = 16 * GB;

  constructor(fixture: string) {
    const found = fixtureHosts().find(({ name }) => name === fixture);
    if (found === undefined) throw new Error(`no fixture named ${fixture}`);
    this.files = found.readText;
  }

  readonly readText = (path: string): string | undefined => this.files(path);

  pass(ms: number, { cpuMs = 0 } = {}): void {
    this.at += ms;
    if (this.micros !== null) this.micros += cpuMs * 1000;
  }

  now(): number {
    return this.at;
  }
  cpuMicros(): number | null {
    return this.micros;
  }
  rssBytes(): number | null {
    return this.rss;
  }
  heap(): { usedBytes: number; limitBytes: number } | null {
    return this.heapBytes;
  }
  availableParallelism(): number {
    return this.parallelism;
  }
  constrainedMemoryBytes(): number | undefined {
    return this.constrained;
  }
}
