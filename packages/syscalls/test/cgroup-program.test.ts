import { describe, expect, test } from '@jest/globals';
import { attachDeviceProgram, renderStep } from '../src/index.ts';

describe('the rules for devices of a group of version 2', () => {
  const PROGRAM = { directory: '/sys/fs/cgroup/box', instructions: new Uint8Array(16) };
  const stepsOn = (kernel: string): string[] =>
    attachDeviceProgram(PROGRAM, { group: 43, program: 44 }, kernel).map((step) => renderStep(step));
  const isAboutLimits = (step: string): boolean => step.startsWith('prlimit64');

  test('are loaded beside the limit of locked memory where the kernel counts them as that, which is as before then', () => {
    const steps = stepsOn('5.10.0-32-amd64');
    const load = steps.findIndex((step) => step.includes('BPF_PROG_LOAD'));
    const [, ask, lift, , giveBack] = steps;
    expect(load).toBe(3);
    const place = '&limit of locked memory';
    expect(ask).toBe(`prlimit64(0, RLIMIT_MEMLOCK, NULL, ${place})`);
    expect(lift).toBe('prlimit64(0, RLIMIT_MEMLOCK, {soft: max, hard: max}, NULL)');
    expect(giveBack).toBe(`prlimit64(0, RLIMIT_MEMLOCK, ${place}, NULL)`);
  });

  test('are loaded without that on later kernels', () => {
    expect(stepsOn('5.11.0')).toEqual(stepsOn('5.10.0').filter((step) => !isAboutLimits(step)));
    expect(stepsOn('5.11.0').filter(isAboutLimits)).toEqual([]);
  });
});
