import {
  attach,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  leaveOldRoot,
  type MountedTree,
  makeReadOnly,
  makeRootReadOnly,
  maskPaths,
  OlderCalls,
  openMountpoint,
  parseMountOptions,
} from '@coracle/chroot-fs';
import { close, FSCONFIG, flags, fsconfig, fsmount, fsopen, renderStep, resultOf, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

const DIRECTORY: MountedTree = { kind: 'directory', words: new Set(['relatime']), below: [] };

/** The host, as far as a test tells it. */
function older(trees: Readonly<Record<string, MountedTree>> = {}): OlderCalls {
  return new OlderCalls({
    treeOf: (path) => trees[path] ?? DIRECTORY,
    kindOf: (path) => (path.endsWith('version') ? 'file' : 'directory'),
    reason: 'Linux 5.10 does not have',
  });
}

/** The calls alone, without how they get at the stage and at descriptors: that is the same for all. */
const BY_THE_WAY = /^(fchdir\(<proc of the host>\)|chdir\("\/"\)|dup3\(<stage>)/;
const PREPARES = /^(mount\("coracle", "\/", "tmpfs"|mkdirat\(<stage>|mknodat\(<stage>)|<(proc of the host|stage)>$/;
function text(steps: readonly Step[]): string[] {
  return steps.map(renderStep).filter((call) => !BY_THE_WAY.test(call) && !PREPARES.test(call));
}

const bind = (source: string, ...options: string[]): Step[] =>
  cloneTree({ source, options: parseMountOptions(['rbind', ...options]) }, 'bring it in');

const ON_STAGE = '"self/fd/62/directory"';
const STAGED = 'openat(<stage>, "directory", O_PATH|O_DIRECTORY|O_CLOEXEC, 0)';
const REMOUNT = 'MS_REMOUNT|MS_BIND';

describe('a new file system', () => {
  test('is mounted on the stage with its options as one text, and opened there', () => {
    const steps = createFilesystem(
      { type: 'devpts', options: ['nosuid', 'newinstance', 'mode=0620'] },
      'have terminals',
    );
    expect(text(older().translate(steps))).toEqual([
      `mount("devpts", ${ON_STAGE}, "devpts", MS_NOSUID|MS_RELATIME, "newinstance,mode=0620")`,
      `${STAGED} -> <mount>`,
    ]);
  });

  test('may have a name and no options; what was closed is no descriptor here', () => {
    const steps = [
      fsopen('proc', { why: 'a', result: 'fs' }),
      fsconfig({ fs: resultOf('fs'), command: flags(FSCONFIG, 'FSCONFIG_CMD_CREATE') }, 'a'),
      fsmount({ fs: resultOf('fs') }, { why: 'a', result: 'proc' }),
      close(resultOf('fs'), 'a'),
    ];
    expect(text(older().translate(steps))).toEqual([
      `mount("proc", ${ON_STAGE}, "proc", MS_RELATIME, NULL)`,
      `${STAGED} -> <proc>`,
    ]);
  });

  test('with a comma in the value of an option is refused: mount(2) would read two options', () => {
    const steps = createFilesystem({ type: 'tmpfs', options: ['mode=700,uid=0'] }, 'have memory');
    expect(() => older().translate(steps)).toThrow('the option mode=700,uid=0, with a comma in it, cannot be done');
  });
});

describe('a copy of a tree', () => {
  test('is bound to the stage, a file to a file', () => {
    const file: MountedTree = { ...DIRECTORY, kind: 'file' };
    const calls = older({ '/etc/hosts': file });
    expect(text(calls.translate([...bind('/srv'), ...bind('/etc/hosts')]))).toEqual([
      `mount("/srv", ${ON_STAGE}, NULL, MS_BIND|MS_REC, NULL)`,
      `${STAGED} -> <mount>`,
      'mount("/etc/hosts", "self/fd/62/file", NULL, MS_BIND|MS_REC, NULL)',
      'openat(<stage>, "file", O_PATH|O_CLOEXEC, 0) -> <mount>',
    ]);
  });

  test('keeps what its source forbids when it is to forbid more', () => {
    const tree: MountedTree = { kind: 'directory', words: new Set(['nosuid', 'noatime']), below: [] };
    expect(text(older({ '/srv': tree }).translate(bind('/srv', 'ro'))).slice(2)).toEqual([
      'dup3(<mount>, 63, O_CLOEXEC) -> <what to restrict>',
      `mount(NULL, "self/fd/63", NULL, ${REMOUNT}|MS_RDONLY|MS_NOSUID|MS_NOATIME, NULL)`,
    ]);
  });

  test('changes each mount below on its own, found without links; not those that are so already', () => {
    const tree: MountedTree = {
      ...DIRECTORY,
      below: [
        { path: 'a', words: new Set(['nodev', 'relatime']) },
        { path: 'b/c', words: new Set(['ro', 'relatime']) },
      ],
    };
    const calls = text(older({ '/srv': tree }).translate(bind('/srv', 'ro'))).slice(2);
    expect(calls.filter((call) => call.startsWith('mount('))).toEqual([
      `mount(NULL, "self/fd/63", NULL, ${REMOUNT}|MS_RDONLY|MS_RELATIME, NULL)`,
      `mount(NULL, "self/fd/63", NULL, ${REMOUNT}|MS_RDONLY|MS_NODEV|MS_RELATIME, NULL)`,
    ]);
    expect(calls.filter((call) => call.startsWith('openat2'))).toEqual([
      'openat2(<mount>, "a", {flags: O_PATH|O_CLOEXEC, resolve: RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS|RESOLVE_NO_MAGICLINKS}, 24) -> <below>',
    ]);
    const top = text(older({ '/srv': tree }).translate(bind('/srv', 'ro=vfs')));
    expect(top.filter((call) => call.includes('MS_REMOUNT'))).toHaveLength(1);
  });

  test('that forbids nothing more costs no call more', () => {
    expect(text(older().translate(bind('/srv', 'rw')))).toHaveLength(2);
  });

  test.each([
    ['idmap', 'mapping the ids of files', 9],
    ['rslave', 'stay connected with the host', undefined],
    ['shared', 'stay connected with the host', undefined],
  ])('cannot be had with %s, which names the call, the kernel and the remedy', (option, what, usernsFd) => {
    const options = parseMountOptions(['rbind', option]);
    const steps = cloneTree({ source: '/srv', options, ...(usernsFd ? { usernsFd } : {}) }, 'bring it in');
    const expected = {
      code: 'ENOSYS',
      syscall: 'mount_setattr',
      message: expect.stringMatching(new RegExp(`${what}.* mount_setattr, which Linux 5.10 does not have`)),
      hint: expect.stringContaining('Linux 5.12'),
    };
    expect(() => older().translate(steps)).toThrow(expect.objectContaining(expected));
  });

  test('that the caller hands over cannot be attached', () => {
    expect(() => older().translate([attach('mount 0', 'bring it in')])).toThrow('mapping the ids of files');
  });
});

describe('the whole way of a root', () => {
  const onto = (path: string): Step[] => [
    ...openMountpoint({ root: resultOf('rootfs'), path, kind: 'directory' }, 'put it there'),
    attach('mount', 'put it there'),
  ];
  const proc = [
    ...createFilesystem({ type: 'proc', options: ['nosuid'], result: 'proc' }, 'show processes'),
    ...openMountpoint({ root: resultOf('rootfs'), path: '/proc', kind: 'directory' }, 'show processes'),
    attach('proc', 'show processes'),
  ];
  const MOUNTS = { mounts: { '/proc': 'proc' } };

  test('moves each mount from the stage to an opened place, and takes the stage off when the root is entered', () => {
    const calls = text(
      older().translate([
        ...enterNewRoot({ kind: 'bind', path: '/srv/root' }),
        ...bind('/srv/data'),
        ...onto('/data'),
        ...leaveOldRoot(),
      ]),
    );
    expect(calls.filter((call) => /MS_MOVE|pivot|umount2/.test(call))).toEqual([
      'mount("self/fd/63", "/", NULL, MS_MOVE, NULL)',
      'mount("self/fd/63", "self/fd/64", NULL, MS_MOVE, NULL)',
      'pivot_root(".", ".")',
      'umount2(".", MNT_DETACH)',
      'umount2(".", MNT_DETACH)',
    ]);
    expect(calls).toContain('dup3(<target>, 64, O_CLOEXEC) -> <where to>');
  });

  test('has a stage of its own for what is hidden, and leaves none', () => {
    const calls = older();
    calls.translate([...enterNewRoot({ kind: 'tmpfs' }), ...proc, ...leaveOldRoot()]);
    const hide = calls.translate(maskPaths(['/proc/version', '/proc/fs'], () => 'file', MOUNTS));
    expect(hide.map(renderStep).filter((call) => call.startsWith('mount("coracle"'))).toHaveLength(1);
    expect(hide.map(renderStep).at(-1)).toBe('umount2("/..", MNT_DETACH)');
    expect(text(hide)).toContain('mount("self/fd/63/null", "self/fd/62/file", NULL, MS_BIND, NULL)');
    const find = hide.find((step) =>
      renderStep(step).startsWith('openat2(<proc>, "version", {flags: O_PATH|O_NOFOLLOW'),
    );
    expect([...calls.restrictions.keys()]).toContain('/proc/version');
    expect(find).toMatchObject({ result: 'place', tolerate: ['ENOENT', 'ENOTDIR'] });
  });

  test('what is made read-only of the kernel keeps what its mount forbids, and is passed over where it is not there', () => {
    const calls = older();
    calls.translate([...enterNewRoot({ kind: 'tmpfs' }), ...proc, ...leaveOldRoot()]);
    const steps = calls.translate(makeReadOnly(['/proc/sys'], () => 'directory', MOUNTS));
    expect(text(steps)).toContain(`mount(NULL, "self/fd/63", NULL, ${REMOUNT}|MS_RDONLY|MS_NOSUID|MS_RELATIME, NULL)`);
    const dependent = steps.filter(({ syscall, args }) => syscall === 'mount' && args[0] !== 'coracle');
    expect(dependent.map(({ needs }) => needs)).toEqual(['what to copy', 'what to restrict', 'where to']);
  });

  test('the root becomes read-only with what it forbade before', () => {
    const tree: MountedTree = { ...DIRECTORY, words: new Set(['nodev', 'relatime']) };
    const steps = [...enterNewRoot({ kind: 'bind', path: '/srv/root' }), ...leaveOldRoot(), makeRootReadOnly()];
    expect(text(older({ '/srv/root': tree }).translate(steps)).at(-1)).toBe(
      `mount(NULL, "/", NULL, ${REMOUNT}|MS_RDONLY|MS_NODEV|MS_RELATIME, NULL)`,
    );
  });

  test('paths of the root itself cannot be made read-only: what they lie in is not known', () => {
    const calls = older();
    calls.translate([...enterNewRoot({ kind: 'bind', path: '/srv/root' }), ...leaveOldRoot()]);
    expect(() => calls.translate(makeReadOnly(['/opt/app'], () => undefined))).toThrow(
      'to forbid changes to /opt/app, a copy of /opt/app of the root',
    );
  });

  test('tells what has to hold afterwards, by place', () => {
    const calls = older();
    calls.translate([
      ...enterNewRoot({ kind: 'bind', path: '/srv/root' }),
      ...bind('/srv/data', 'ro', 'nodev'),
      ...onto('/data'),
      ...bind('/srv/top', 'ro=vfs'),
      ...onto('/top'),
    ]);
    const told = (path: string): unknown => {
      const { top, tree } = calls.restrictions.get(path) ?? {};
      return [top?.has('ro'), tree?.has('ro'), tree?.has('nodev')];
    };
    expect(['/data', '/top', '/'].map(told)).toEqual([
      [true, true, true],
      [true, false, false],
      [false, false, false],
    ]);
  });
});
