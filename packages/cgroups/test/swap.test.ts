import { describe, expect, test } from '@jest/globals';
import { detect } from '../src/index.ts';
import * as machines from './machines.ts';

const swapOf = (machine: machines.MachineFixture, files: machines.MachineFixture['files']) =>
  detect(machines.factsOf({ ...machine, files: { ...machine.files, ...files } })).swap;

const SWAPS = { '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n' };
const UNCOUNTED = expect.objectContaining({ version: undefined, reason: expect.stringContaining('does not count') });

describe('whether swap can be limited', () => {
  const v1 = '/sys/fs/cgroup/memory/user.slice';
  const counting = { ...SWAPS, [`${v1}/memory.memsw.limit_in_bytes`]: '9223372036854771712\n' };

  test('on version 1 the caller’s own group tells', () => {
    expect(swapOf(machines.comounted, counting)).toEqual({ version: 'v1' });
    expect(swapOf(machines.comounted, SWAPS)).toEqual(UNCOUNTED);
  });

  test('on version 2 the group to build below tells, and where that is the topmost the kernel', () => {
    const { parent } = detect(machines.factsOf(machines.laptopUser)).v2 ?? {};
    const delegated = { ...SWAPS, [`${parent}/memory.max`]: 'max\n' };
    expect(swapOf(machines.laptopUser, { ...delegated, [`${parent}/memory.swap.max`]: 'max\n' })).toEqual({
      version: 'v2',
    });
    expect(swapOf(machines.laptopUser, delegated)).toEqual(UNCOUNTED);
    expect(swapOf(machines.laptopRoot, SWAPS)).toEqual({ version: 'v2' });
    expect(swapOf(machines.laptopRoot, { ...SWAPS, '/proc/cmdline': 'quiet swapaccount=0\n' })).toEqual(UNCOUNTED);
  });

  test('where the kernel has none there is nothing to be limited', () => {
    expect(swapOf(machines.comounted, {})).toBeUndefined();
    expect(swapOf(machines.laptopRoot, {})).toBeUndefined();
  });

  test('where memory cannot be limited, neither can swap, and for the same reason', () => {
    const machine = detect(machines.factsOf({ ...machines.comounted, writable: [] }));
    expect(machine.swap).toEqual(machine.resources.memory);
    expect(machine.swap).toMatchObject({ version: undefined });
  });
});
