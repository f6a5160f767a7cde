import { renderStep, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import { planRdt, type RdtMachine } from '../../src/oci/plan-rdt.ts';
import { differingShare } from '../../src/oci/rdt-schemata.ts';

const SCHEMATA = '    L3:0=7ff;1=7ff\n    MB:0= 100;1=  50\n';
const empty: RdtMachine = {
  id: 'box',
  mountPoint: '/sys/fs/resctrl',
  exists: () => false,
  read: () => {
    throw new Error('nothing is there');
  },
};
const withClass: RdtMachine = { ...empty, exists: () => true, read: () => SCHEMATA };
const lines = (steps: readonly Step[]): string => steps.map(renderStep).join('\n');
const made = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ syscall, args }) => (syscall === 'mkdirat' ? [String(args[1])] : []));
const joined = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ syscall, args }) => (syscall === 'openat' ? [String(args[1])] : []));
const refusal = (path: string): unknown => expect.objectContaining({ code: 'ERR_CORACLE_CONFIG', path });

describe('Intel RDT', () => {
  test('config-linux.md#configLinuxIntelRdt: what is not asked for touches nothing', () => {
    expect(planRdt(undefined, empty)).toEqual({ beforeBirth: [], afterBirth: [], atEnd: [], directories: [] });
  });

  test('config-linux.md#configLinuxIntelRdt: without closID a class is made by the id of the container, joined, and removed', () => {
    const { beforeBirth, afterBirth, atEnd, directories } = planRdt({ l3CacheSchema: 'L3:0=f' }, empty);
    expect(made(beforeBirth)).toEqual(['/sys/fs/resctrl/box']);
    expect(joined(afterBirth)).toEqual(['/sys/fs/resctrl/box/tasks']);
    // The number 0 is the process that writes.
    expect(afterBirth[1]).toMatchObject({ only: 'child', syscall: 'write' });
    expect(atEnd.map(({ syscall }) => syscall)).toEqual(['unlinkat']);
    expect(directories).toEqual(['/sys/fs/resctrl/box']);
  });

  test('config-linux.md#configLinuxIntelRdt: a class of that name that was there before stays', () => {
    expect(planRdt({}, withClass).directories).toEqual([]);
  });

  test('config-linux.md#configLinuxIntelRdt: with closID and shares a class that is missing is made, and stays at the end', () => {
    const { beforeBirth, afterBirth, directories, atEnd } = planRdt({ closID: 'gold', schemata: ['L3:0=f'] }, empty);
    expect(made(beforeBirth)).toEqual(['/sys/fs/resctrl/gold']);
    expect(joined(afterBirth)).toEqual(['/sys/fs/resctrl/gold/tasks']);
    expect({ directories, atEnd }).toEqual({ directories: [], atEnd: [] });
  });

  test('config-linux.md#configLinuxIntelRdt: with closID a class that is there has to have the shares that are given', () => {
    const same = { closID: 'gold', l3CacheSchema: 'L3:0=7ff', memBwSchema: 'MB:1=50' };
    expect(made(planRdt(same, withClass).beforeBirth)).toEqual([]);
    for (const other of [{ l3CacheSchema: 'L3:0=f' }, { memBwSchema: 'MB:1=60' }, { l3CacheSchema: 'L3:7=7ff' }])
      expect(() => planRdt({ ...same, ...other }, withClass)).toThrow(refusal('$.linux.intelRdt'));
  });

  test('config-linux.md#configLinuxIntelRdt: with closID alone the class has to be there, and is joined', () => {
    expect(joined(planRdt({ closID: 'gold' }, withClass).afterBirth)).toEqual(['/sys/fs/resctrl/gold/tasks']);
    expect(() => planRdt({ closID: 'gold' }, empty)).toThrow(refusal('$.linux.intelRdt.closID'));
  });

  test('config-linux.md#configLinuxIntelRdt: the closID / is the class that all are in', () => {
    expect(joined(planRdt({ closID: '/' }, withClass).afterBirth)).toEqual(['/sys/fs/resctrl/tasks']);
  });

  test('config-linux.md#configLinuxIntelRdt: l3CacheSchema is written first, then memBwSchema, and schemata last', () => {
    const all = { memBwSchema: 'MB:0=50', l3CacheSchema: 'L3:0=f', schemata: ['L2:0=1', 'MB:1=40'] };
    expect(lines(planRdt(all, empty).beforeBirth)).toContain('L3:0=f\\nMB:0=50\\nL2:0=1\\nMB:1=40\\n');
  });

  test('config-linux.md#configLinuxIntelRdt: without any share no schemata file is written', () => {
    expect(lines(planRdt({}, empty).beforeBirth)).not.toContain('schemata');
    expect(lines(planRdt({ closID: 'gold' }, withClass).beforeBirth)).not.toContain('schemata');
  });

  test('config-linux.md#configLinuxIntelRdt: enableMonitoring has a group of its own below the class, by the id, removed at the end', () => {
    const { beforeBirth, afterBirth, directories } = planRdt({ enableMonitoring: true }, empty);
    expect(made(beforeBirth)).toEqual(['/sys/fs/resctrl/box', '/sys/fs/resctrl/box/mon_groups/box']);
    expect(joined(afterBirth).at(-1)).toBe('/sys/fs/resctrl/box/mon_groups/box/tasks');
    expect(directories).toEqual(['/sys/fs/resctrl/box/mon_groups/box', '/sys/fs/resctrl/box']);
    expect(planRdt({ enableMonitoring: true, closID: 'gold' }, withClass).directories).toEqual([
      '/sys/fs/resctrl/gold/mon_groups/box',
    ]);
  });

  test('without resctrl it is refused', () => {
    expect(() => planRdt({}, { ...empty, mountPoint: undefined })).toThrow(refusal('$.linux.intelRdt'));
  });
});

describe('shares of a class', () => {
  test.each([
    [['L3:0=7FF;1=07ff'], undefined],
    [['MB:0=100', 'MB:1=50'], undefined],
    [[], undefined],
    [['L3:0=7ff', 'L3:1=1'], 'L3:1=1'],
    [['L2:0=1'], 'L2:0=1'],
  ])('%j are there, or which is not', (wanted, differing) => {
    expect(differingShare(wanted, SCHEMATA)).toBe(differing);
  });
});
