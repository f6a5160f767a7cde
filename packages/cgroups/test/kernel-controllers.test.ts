import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Availability, type ControllerName, detectAll } from '../src/index.ts';
import { parseKernelControllers } from '../src/kernel-controllers.ts';
import * as machines from './machines.ts';

const RECORDED = readFileSync(new URL('fixtures/separate.cgroups', import.meta.url), 'utf8');

describe('/proc/cgroups', () => {
  test('tells of each controller whether it is switched on, and in which hierarchy it is', () => {
    const all = parseKernelControllers(RECORDED);
    expect(all.get('pids')).toEqual({ hierarchy: 8, isEnabled: true });
    expect(all.get('hugetlb')).toEqual({ hierarchy: 0, isEnabled: true });
    expect(all.has('misc')).toBe(false);
    expect(all.size).toBe(12);
  });

  test('is read line by line, whatever else is in it', () => {
    const entry = fc.record({
      name: fc.stringMatching(/^[a-z_]{1,9}$/),
      hierarchy: fc.nat(64),
      isEnabled: fc.boolean(),
    });
    const noise = fc.string().filter((text) => !/\d\s*$/.test(text) && !text.includes('\n'));
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name }), noise, (entries, other) => {
        const lines = entries.map(
          ({ name, hierarchy, isEnabled }) => `${name}\t${hierarchy}\t7\t${isEnabled ? 1 : 0}\n${other}\n`,
        );
        const expected = entries.map(({ name, ...rest }) => [name, rest] as const);
        expect([...parseKernelControllers(`#subsys_name\n${lines.join('')}`)]).toEqual(expected);
      }),
    );
  });
});

describe('why a controller cannot be had', () => {
  const why = (fixture: machines.MachineFixture, name: ControllerName, text: string): Availability => {
    const files = { ...fixture.files, '/proc/cgroups': text };
    return detectAll(machines.factsOf({ ...fixture, files })).controllers[name];
  };
  const V2_WITHOUT_MEMORY = {
    ...machines.laptopRoot,
    files: { ...machines.laptopRoot.files, '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n' },
  };

  test.each([
    [
      'the kernel was built without it',
      machines.separate,
      'misc',
      RECORDED,
      'no controller misc',
      'CONFIG_CGROUP_MISC',
    ],
    [
      'the same, for a user to whom no group is delegated',
      { ...machines.separate, writable: [] },
      'misc',
      RECORDED,
      'no controller misc',
      'CONFIG_CGROUP_MISC',
    ],
    [
      'the same, of one that only version 1 has',
      machines.comounted,
      'net_cls',
      'pids\t1\t1\t1\n',
      'no controller net_cls',
      'CONFIG_CGROUP_NET_CLASSID',
    ],
    [
      'it is not mounted',
      machines.separate,
      'net_cls',
      RECORDED,
      'net_cls, which only version 1 has, is not mounted',
      'mount -t cgroup -o net_cls',
    ],
    [
      'it was kept for version 2 at boot',
      {
        ...machines.separate,
        files: { ...machines.separate.files, '/proc/cmdline': 'quiet cgroup_no_v1=memory,all\n' },
      },
      'net_cls',
      RECORDED,
      'net_cls, which only version 1 has, is kept from it by cgroup_no_v1=memory,all',
      'boot without cgroup_no_v1=memory,all',
    ],
    [
      'others were kept for version 2 at boot',
      { ...machines.separate, files: { ...machines.separate.files, '/proc/cmdline': 'cgroup_no_v1=memory\n' } },
      'net_cls',
      RECORDED,
      'is not mounted',
      'mount -t cgroup -o net_cls',
    ],
    [
      'it is not mounted beside others',
      machines.comounted,
      'io',
      RECORDED,
      'blkio is not mounted',
      'mount -t cgroup -o blkio',
    ],
    [
      'it is mounted elsewhere, together with another',
      machines.comounted,
      'net_cls',
      'net_cls\t9\t1\t1\npids\t12\t1\t1\nnet_prio\t9\t1\t1\n',
      'net_cls, which only version 1 has, is not mounted',
      'mount -t cgroup -o net_cls,net_prio none /sys/fs/cgroup/net_cls,net_prio',
    ],
    [
      'nothing is mounted here, and version 1 has it',
      machines.nothing,
      'pids',
      RECORDED,
      'in a hierarchy of version 1 that is not mounted here',
      '(mountpoint -q /sys/fs/cgroup || sudo mount -t tmpfs none /sys/fs/cgroup) && sudo mkdir -p /sys/fs/cgroup/pids && ',
    ],
    [
      'it was switched off',
      V2_WITHOUT_MEMORY,
      'memory',
      'memory\t0\t1\t0\n',
      'switched off when the kernel was booted',
      'cgroup_disable=memory',
    ],
    [
      'version 1 has it elsewhere',
      V2_WITHOUT_MEMORY,
      'memory',
      'memory\t4\t1\t1\n',
      'in a hierarchy of version 1',
      'mount -t cgroup -o memory',
    ],
    [
      'the kernel does not say whether version 2 would have it, as one without the memory of version 1',
      V2_WITHOUT_MEMORY,
      'memory',
      'pids\t0\t1\t1\n',
      'offers no controller memory',
      'cgroup_disable=memory',
    ],
    [
      'the kernel does not say',
      V2_WITHOUT_MEMORY,
      'memory',
      '',
      'offers no controller memory',
      'cgroup_disable=memory',
    ],
  ] as const)('%s', (_, fixture, name, text, reason, fix) => {
    expect(why(fixture, name, text)).toEqual({
      version: undefined,
      reason: expect.stringContaining(reason),
      fix: expect.stringContaining(fix),
    });
  });
});
