import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, runLocally, step } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { thisHost } from '../../src/host.ts';
import { run } from '../../src/index.ts';
import { relabelTree } from '../../src/labels/relabel-tree.ts';
import { HostModules } from '../../src/labels/security-modules.ts';
import { makeScratch, type Scratch } from '../mounts/scene.ts';

const LABEL = 'system_u:object_r:container_file_t:s0:c1,c2';
const MOST = 256;

/** The label that is kept with a file; of a link its own. `undefined` where it has none. */
function labelOf(path: string): string | undefined {
  const why = `read the label of ${path}`;
  const outcome = runLocally([
    step('lgetxattr', [path, 'security.selinux', output('label', MOST), MOST], {
      why,
      result: 'length',
      tolerate: ['ENODATA', 'EOPNOTSUPP'],
    }),
  ]);
  outcome.throwIfFailed();
  const length = outcome.result('length') ?? -1;
  return length < 0 ? undefined : Buffer.from(outcome.output('label')).toString('utf8', 0, length);
}

/** Where SELinux is not at work a label is text that is kept; where it is, see selinux.root.test.ts. */
const withoutSelinux: ReturnType<typeof needs.describe> = needs.describe(needs.root, {
  what: 'a kernel in which SELinux is not at work',
  met: !new HostModules().hasSelinux,
});

withoutSelinux('a tree that is given a SELinux label', () => {
  let scratch: Scratch;
  let source: string;
  beforeEach(() => {
    scratch = makeScratch();
    source = scratch.directory('source');
  });
  afterEach(() => scratch[Symbol.dispose]());

  test('has it in every part, and nowhere else', async () => {
    const outside = scratch.file('outside', '');
    mkdirSync(join(source, 'deep/deeper'), { recursive: true });
    writeFileSync(join(source, 'deep/deeper/file'), '');
    symlinkSync(outside, join(source, 'link'));
    symlinkSync('nowhere', join(source, 'deep/dangling'));
    const mounted = scratch.mount('source/mounted');
    await relabelTree({ source, label: LABEL });
    for (const path of ['', 'deep', 'deep/deeper', 'deep/deeper/file', 'link', 'deep/dangling'])
      expect([path, labelOf(join(source, path))]).toEqual([path, LABEL]);
    for (const path of [outside, mounted, scratch.path]) expect([path, labelOf(path)]).toEqual([path, undefined]);
  });

  test('has the later label in place of an earlier one', async () => {
    const file = scratch.file('source/file', '');
    for (const label of [LABEL, 'system_u:object_r:container_file_t:s0']) {
      await relabelTree({ source, label });
      expect([labelOf(source), labelOf(file)]).toEqual([label, label]);
    }
  });

  test('is the source of a volume of a container that asks for it, before its program starts', async () => {
    const { modules } = thisHost();
    Object.defineProperty(modules, 'hasSelinux', { value: true, configurable: true });
    const security = { selinuxLabel: { level: 's0:c1,c2' } };
    const start = (relabel: 'private' | 'shared'): Promise<unknown> =>
      run('true', [], { security, volumes: [{ source, target: '/data', relabel }] });
    try {
      // This kernel sets no label of a program: there it ends.
      await expect(start('private')).rejects.toMatchObject({ name: 'SyscallError' });
      expect(labelOf(source)).toBe(LABEL);
      await expect(start('shared')).rejects.toMatchObject({ name: 'SyscallError' });
      expect(labelOf(source)).toBe('system_u:object_r:container_file_t:s0');
    } finally {
      Reflect.deleteProperty(modules, 'hasSelinux');
    }
  });

  test('is a single file just as well', async () => {
    const file = scratch.file('file', '');
    await relabelTree({ source: file, label: LABEL });
    expect([labelOf(file), labelOf(source)]).toEqual([LABEL, undefined]);
  });

  test('is not left while somebody swaps its directories for links', async () => {
    scratch.directory('outside');
    const canary = scratch.file('outside/file', '');
    scratch.directory('source/swapped');
    scratch.file('source/swapped/file', '');
    symlinkSync('../outside', join(source, 'link'));
    const swap = 'while :; do mv -T swapped aside; mv -T link swapped; mv -T swapped link; mv -T aside swapped; done';
    const attacker = spawn('sh', ['-c', swap], { cwd: source, stdio: 'ignore' });
    try {
      for (let time = 0; time < 300; time++) await relabelTree({ source, label: `u:r:t${time}` });
    } finally {
      attacker.kill('SIGKILL');
      await new Promise((resolve) => attacker.on('close', resolve));
    }
    expect([labelOf(join(scratch.path, 'outside')), labelOf(canary)]).toEqual([undefined, undefined]);
  });

  test('on a file system without labels is left as it is', async () => {
    const path = scratch.directory('plain');
    execFileSync('mount', ['-t', 'ramfs', 'none', path]);
    try {
      const file = scratch.file('plain/file', '');
      await relabelTree({ source: path, label: LABEL });
      expect(labelOf(file)).toBeUndefined();
    } finally {
      execFileSync('umount', [path]);
    }
  });

  test('that cannot be changed is an error that names it, and what to do', async () => {
    const path = scratch.mount('fixed');
    execFileSync('mount', ['-o', 'remount,ro', path]);
    await expect(relabelTree({ source: path, label: LABEL })).rejects.toMatchObject({
      code: 'EROFS',
      syscall: 'setxattr',
      path,
      step: expect.stringContaining(`give ${path} and all in it the SELinux label ${LABEL}`),
      hint: expect.stringContaining('leave z and Z out'),
    });
  });

  test('that is not there is an error', async () => {
    const absent = join(scratch.path, 'absent');
    await expect(relabelTree({ source: absent, label: LABEL })).rejects.toMatchObject({ code: 'ENOENT', path: absent });
  });
});
