import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { accelerators, emulatorArguments, kvmFailure } from '../emulator.mjs';

let directory;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-emulator-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name, content) {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('the processor', () => {
  test.each([
    ['Intel’s can virtualize', 'fpu vmx smx', ['kvm', 'tcg']],
    ['AMD’s can virtualize', 'fpu svm', ['kvm', 'tcg']],
    ['the real one cannot virtualize, so that the kernel’s KVM is software', 'fpu vme hypervisor', ['tcg']],
  ])('when %s', (_, flags, expected) => {
    const cpuinfo = file('cpuinfo', `processor\t: 0\nflags\t\t: ${flags} lm\nvmx flags\t: vnmi svm\n`);
    expect(accelerators({ device: file('kvm', ''), cpuinfo })).toEqual(expected);
  });

  test('is emulated where there is no KVM', () => {
    const cpuinfo = file('cpuinfo', 'flags : vmx\n');
    expect(accelerators({ device: join(directory, 'none'), cpuinfo })).toEqual(['tcg']);
  });
});

describe('that KVM has given up', () => {
  test.each([
    'KVM internal error. Suberror: 1',
    'KVM: entry failed, hardware error 0x80000021',
    'error: kvm run failed Bad address',
  ])('is known by %p', (line) => {
    expect(kvmFailure(`qemu-system-x86_64: a warning\n${line}\nRAX=0 RBX=0\n`)).toBe(line);
  });

  test('is not known by what qemu says when it takes another accelerator', () => {
    const text =
      'Could not access KVM kernel module: Permission denied\nqemu: failed to initialize kvm: Permission denied\n';
    expect(kvmFailure(text)).toBeUndefined();
  });
});

test('the kernel gets its usual parameters, and further ones behind them', () => {
  const files = { kernel: '/k', initramfs: '/i' };
  const append = (options) => {
    const args = emulatorArguments(files, { memory: '2G', ...options });
    return args[args.indexOf('-append') + 1];
  };
  expect(append({})).toMatch(/ cgroup_no_v1=all .*\S$/);
  expect(append({ parameters: 'security=selinux' })).toBe(`${append({})} security=selinux`);
});

describe('the versions of cgroups', () => {
  const files = { kernel: 'kernel', initramfs: 'initramfs' };
  const kernelOptions = (parameters) => {
    const args = emulatorArguments(files, { memory: '1G', parameters });
    return args[args.indexOf('-append') + 1];
  };

  test.each([undefined, 'security=selinux', 'x.coracle.cgroups=1'])('is 2 alone with %p', (parameters) => {
    expect(kernelOptions(parameters)).toContain('cgroup_no_v1=all');
  });

  test.each(['coracle.cgroups=1', 'quiet coracle.cgroups=hybrid'])('has 1 with %p', (parameters) => {
    expect(kernelOptions(parameters)).not.toContain('cgroup_no_v1');
    expect(kernelOptions(parameters)).toContain(parameters);
  });
});
