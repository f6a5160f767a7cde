import { locate, planResources } from '@coracle/cgroups';
import { describe, expect, test } from '@jest/globals';
import { asRoot, comounted, factsOf, laptopRoot, laptopUser } from './machines.ts';

const SERVICE = '/user.slice/user-1000.slice/user@1000.service';

describe('where a group of an OCI configuration lies', () => {
  test('an absolute path begins at the top of every hierarchy of version 1', () => {
    const top = { ...comounted, writable: ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/memory'] };
    const { machine, name } = locate('/machine/box', factsOf(asRoot(top)));
    expect(name).toBe('machine/box');
    expect(planResources({ machine, name, resources: { pids: 5 } })?.directories).toEqual([
      '/sys/fs/cgroup/pids/machine/box',
      '/sys/fs/cgroup/memory/machine/box',
    ]);
  });

  test('a relative one below the own groups', () => {
    const { machine, name } = locate('box', factsOf(asRoot(comounted)));
    const plan = planResources({ machine, name, resources: { pids: 5 } });
    expect(plan?.directories).toContain('/sys/fs/cgroup/pids/user.slice/user-0.slice/box');
  });

  test('on version 2 as well', () => {
    const { machine, name } = locate('/machine.slice/box', factsOf(asRoot(laptopRoot)));
    expect(planResources({ machine, name })?.directories).toEqual(['/sys/fs/cgroup/machine.slice/box']);
  });

  test('an ordinary user may name a group below the one that is delegated to him', () => {
    const { machine, name } = locate(`${SERVICE}/pod/box`, factsOf(laptopUser));
    expect(name).toBe('pod/box');
    expect(planResources({ machine, name })?.directories).toEqual([`/sys/fs/cgroup${SERVICE}/pod/box`]);
  });

  test('of version 1 as well, in the hierarchies that he has part of', () => {
    const delegated = { ...comounted, writable: ['/sys/fs/cgroup/pids/jobs', '/sys/fs/cgroup/memory/jobs'] };
    const { machine, name } = locate('/jobs/one/box', factsOf(delegated));
    expect(name).toBe('one/box');
    expect(planResources({ machine, name, resources: { pids: 5 } })?.directories).toEqual([
      '/sys/fs/cgroup/pids/jobs/one/box',
      '/sys/fs/cgroup/memory/jobs/one/box',
    ]);
    expect(locate('/others/box', factsOf(delegated)).machine.hierarchies).toEqual({});
  });

  test.each(['/', '//', '/a/..'])('%s is the top itself: a group without a name', (path) => {
    expect(locate(path, factsOf(asRoot(laptopRoot))).name).toBe('');
  });

  test('no path leads out of the hierarchy', () => {
    expect(locate('/../../box', factsOf(asRoot(laptopRoot))).name).toBe('box');
  });
});
