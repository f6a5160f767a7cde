import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { byKernelParameters, findKernelTests, knowingDelegation, workspacesOf } from '../find-tests.mjs';

const FILES = {
  'packages/cgroups-v2/test/cpu.root.test.ts': '',
  'packages/cgroups-v2/test/cpu.test.ts': '',
  'packages/cgroups-v2/test/deeper/delegation.root.test.ts': 'process.env.CORACLE_DELEGATED_CGROUP',
  'packages/cgroups-v2/test/devices.root.test.ts': '',
  'packages/cgroups-v1/test/cpu.root.test.ts': '',
  'packages/container/test/labels/selinux.root.test.ts': '// kernel: security=selinux selinux=1\nimport x;\n',
  'packages/container/test/limits.root.test.ts': '// kernel of a nut\n',
  'packages/container/test/run.root.test.ts': '',
  'apps/oci-runtime/test/systemd/podman.root.test.ts': '',
  'apps/oci-runtime/test/systemd/user.root.test.ts': '',
  'apps/oci-runtime/test/life.root.test.ts': '',
};

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-find-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

test('the tests that touch the kernel are found, but for version 1', () => {
  expect(findKernelTests(root, [])).toEqual([
    'packages/cgroups-v2/test/cpu.root.test.ts',
    'packages/cgroups-v2/test/deeper/delegation.root.test.ts',
    'packages/container/test/labels/selinux.root.test.ts',
    'packages/container/test/limits.root.test.ts',
    'apps/oci-runtime/test/systemd/podman.root.test.ts',
  ]);
});

test('patterns choose among them', () => {
  expect(findKernelTests(root, ['limits', 'v2.*/cpu'])).toEqual([
    'packages/cgroups-v2/test/cpu.root.test.ts',
    'packages/container/test/limits.root.test.ts',
  ]);
  // Those that are left out where none is chosen, too.
  expect(findKernelTests(root, ['container/test/run'])).toEqual(['packages/container/test/run.root.test.ts']);
  expect(findKernelTests(root, ['no such'])).toEqual([]);
  expect(findKernelTests(root, ['v2.*/devices'])).toEqual(['packages/cgroups-v2/test/devices.root.test.ts']);
});

test('those that know how to use a delegated cgroup name its variable', () => {
  expect(knowingDelegation(root, findKernelTests(root, []))).toEqual([
    'packages/cgroups-v2/test/deeper/delegation.root.test.ts',
  ]);
});

test('those that want a kernel of their own name its parameters in their first line', () => {
  const [cpu, delegation, selinux, limits] = findKernelTests(root, []);
  expect([...byKernelParameters(root, [cpu, delegation, selinux, limits])]).toEqual([
    ['', [cpu, delegation, limits]],
    ['security=selinux selinux=1', [selinux]],
  ]);
});

test('only their workspaces are loaded', () => {
  expect(workspacesOf(['packages/container/test/limits.root.test.ts'])).toEqual(['packages/container']);
});
