import { DEFAULT_MOUNTS, type Mount } from '@coracle/oci-spec';
import { renderStep } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { type OwnGroup, ownGroups, showOwnGroups } from '../../src/cgroup/plan-own-cgroups.ts';

const hierarchy = (mountPoint: string, ...options: string[]): OwnGroup => ({ mountPoint, options, isUnified: false });
const PIDS = hierarchy('/sys/fs/cgroup/pids', 'pids');
const CPU = hierarchy('/sys/fs/cgroup/cpu,cpuacct', 'cpu', 'cpuacct');
const UNIFIED: OwnGroup = { mountPoint: '/sys/fs/cgroup', options: [], isUnified: true };
const HYBRID: OwnGroup = { ...UNIFIED, mountPoint: '/sys/fs/cgroup/unified' };

const mount = DEFAULT_MOUNTS.find(({ type }) => type === 'cgroup') as Mount;
const shown = (...groups: OwnGroup[]): string[] =>
  showOwnGroups(mount, { groups, opened: new Set(['sys']) }).map(renderStep);

describe('the groups that a container sees', () => {
  test('are its own: of a hierarchy in which it has none, nothing', () => {
    const directories = ['/sys/fs/cgroup/pids/box', '/sys/fs/cgroup/pids-of-others/box'];
    expect(ownGroups([PIDS, CPU, HYBRID], directories)).toEqual([PIDS]);
    expect(ownGroups([PIDS, CPU], [])).toEqual([]);
    expect(shown()).toEqual([]);
  });

  test('are those of version 1 where it has some of both versions', () => {
    const directories = [HYBRID, PIDS].map(({ mountPoint }) => `${mountPoint}/box`);
    expect(ownGroups([HYBRID, PIDS, CPU], directories)).toEqual([PIDS]);
    expect(ownGroups([HYBRID, PIDS, CPU], [`${HYBRID.mountPoint}/box`])).toEqual([HYBRID]);
  });

  test('of version 2 are one tree, read-only', () => {
    const steps = shown(UNIFIED);
    expect(steps[0]).toContain('"cgroup2"');
    expect(steps.join('\n')).toMatch(
      /fsmount\(.*MOUNT_ATTR_RDONLY\|MOUNT_ATTR_NOSUID\|MOUNT_ATTR_NOEXEC\|MOUNT_ATTR_NODEV/,
    );
    expect(steps.filter((step) => step.startsWith('move_mount'))).toHaveLength(1);
  });

  test('of version 1 lie side by side in a directory that cannot be written either', () => {
    const steps = shown(PIDS, CPU).join('\n');
    expect(steps).toMatch(/mkdirat\(<mount>, "pids"[\s\S]*mkdirat\(<mount>, "cpu,cpuacct"/);
    expect(steps).toMatch(/symlinkat\("cpu,cpuacct", <mount>, "cpu"\)\nsymlinkat\("cpu,cpuacct", <mount>, "cpuacct"\)/);
    expect(steps).toMatch(/mount_setattr\(<mount>, "", AT_EMPTY_PATH, \{set: MOUNT_ATTR_RDONLY/);
    expect(steps.match(/fsopen\("cgroup"/g)).toHaveLength(2);
    expect(steps.match(/fsmount\(.*RDONLY/g)).toHaveLength(2);
    expect(steps.match(/move_mount/g)).toHaveLength(3);
  });

  test('can be written where that is asked for', () => {
    const writable = { ...mount, options: ['nosuid'] };
    const steps = (...groups: OwnGroup[]): string =>
      showOwnGroups(writable, { groups, opened: new Set() }).map(renderStep).join();
    for (const text of [steps(PIDS, CPU), steps(UNIFIED)]) expect(text).not.toMatch(/RDONLY|mount_setattr/);
  });
});
