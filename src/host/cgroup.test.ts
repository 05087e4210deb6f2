import { describe, expect, it } from 'vitest';

import { findCgroups, readCgroupLimits } from './cgroup.ts';
import { fixtureHosts } from './host-fixtures.ts';

describe('control group limits', () => {
  it.each(fixtureHosts())('$name: $description', ({ expected, readText }) => {
    expect(readCgroupLimits(findCgroups(readText), readText)).toEqual(expected);
  });

  it('are read anew each time, since they may be changed under a running process', () => {
    const files = new Map([
      ['/proc/self/cgroup', '0::/'],
      ['/proc/self/mountinfo', '1 2 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw'],
      ['/sys/fs/cgroup/cpu.max', '50000 100000'],
    ]);
    const read = (path: string): string | undefined => files.get(path);
    const groups = findCgroups(read);
    expect(readCgroupLimits(groups, read).cpuQuotaCores).toBe(0.5);
    files.set('/sys/fs/cgroup/cpu.max', '200000 100000');
    expect(readCgroupLimits(groups, read).cpuQuotaCores).toBe(2);
  });
});
