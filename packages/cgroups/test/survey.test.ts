import { expect, describe as group, test } from '@jest/globals';
import { describe, type Survey, survey } from '../src/index.ts';
import { comounted, factsOf, laptopUser, type MachineFixture, separate } from './machines.ts';

function look(fixture: MachineFixture, paths: readonly string[] = []): Survey {
  return survey({ ...factsOf(fixture), exists: (path) => paths.includes(path) });
}

group('survey', () => {
  test('survives JSON: it is plain data', () => {
    const found = look(separate);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test('names what is mounted where, with the controllers of each version', () => {
    const { mounts, systemd, version } = look(comounted, ['/run/systemd/system']);
    expect({ systemd, version }).toEqual({ systemd: true, version: 'v1' });
    expect(mounts.map(({ mountPoint, controllers }) => [mountPoint, controllers])).toEqual([
      ['/sys/fs/cgroup/cpu,cpuacct', ['cpu', 'cpuacct']],
      ['/sys/fs/cgroup/memory', ['memory']],
      ['/sys/fs/cgroup/pids', ['pids']],
      ['/sys/fs/cgroup/freezer', ['freezer']],
    ]);
    expect(mounts.map(({ isWritable }) => isWritable)).toContain(true);
  });

  test('a mount is writable where the group of the caller in it is', () => {
    const isWritable = (path: string): boolean => path.startsWith('/sys/fs/cgroup/pids');
    const { mounts } = survey({ ...factsOf(separate), isWritable, exists: () => false });
    expect(mounts.filter(({ isWritable }) => isWritable).map(({ mountPoint }) => mountPoint)).toEqual([
      '/sys/fs/cgroup/pids',
    ]);
  });

  test('a tree of version 2 beside version 1 is there with its own controllers', () => {
    const { mounts, controllers, version } = look(separate);
    expect(version).toBe('hybrid');
    expect(mounts.find((mount) => mount.version === 2)).toEqual({
      version: 2,
      mountPoint: '/sys/fs/cgroup/unified',
      controllers: ['hugetlb'],
      isReadOnly: false,
      isWritable: true,
    });
    expect(controllers.find(({ name }) => name === 'hugetlb')?.version).toBe('v2');
    expect(controllers.find(({ name }) => name === 'pids')?.version).toBe('v1');
  });

  test('in words: a line for each mount, for each thing that can be limited, and for each reason with its remedy', () => {
    const found = look(separate);
    const lines = describe(found).split('\n');
    expect(lines[0]).toBe('cgroup version 1, with version 2 beside it');
    for (const { mountPoint } of found.mounts) expect(lines.join('\n')).toContain(` at ${mountPoint}: `);
    for (const { name, limits, ...answer } of found.controllers) {
      if (answer.version !== undefined) expect(lines).toContain(`${name} (${answer.version}): ${limits}`);
      else expect(lines.find((one) => one.startsWith('not ') && one.includes(name))).toContain(answer.reason);
    }
    const refusals = lines.filter((one) => one.startsWith('not '));
    expect(refusals.length).toBeGreaterThan(0);
    expect(lines.filter((one) => one.startsWith('  what helps: '))).toHaveLength(refusals.length);
  });

  test('an ordinary user is told where he can build and what he may not', () => {
    const found = look(laptopUser);
    expect(found.buildsBelow.length).toBe(1);
    expect(describe(found)).toContain(`you can make groups below ${found.buildsBelow[0]}`);
  });

  test('where nothing is mounted it says so, and what would help', () => {
    const text = describe(look({ mountinfo: '', selfCgroup: '', writable: [] }));
    expect(text).toContain('no cgroups\nyou can make groups nowhere\nnot pids, memory');
    expect(text).toContain('what helps: sudo mount -t cgroup2');
  });
});
