import { statSync } from 'node:fs';
import {
  attach,
  bindDevices,
  changeRoot,
  cloneTree,
  createFilesystem,
  enterNewRoot,
  enterWorkingDirectory,
  furnishHostRoot,
  giveTerminal,
  holdNullDevice,
  idmappedCopyOf,
  inspectHost,
  keepMountsPrivate,
  leaveOldRoot,
  makeReadOnly,
  makeRootReadOnly,
  maskPaths,
  openMountpoint,
  parseMountOptions,
  populateDev,
} from '@coracle/chroot-fs';
import { renderStep, resultOf, type Step } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

const text = (steps: readonly Step[]): string[] => steps.map(renderStep);
const root = resultOf('rootfs');
const IN_ROOT = 'resolve: RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24)';
const PLACE = `{flags: O_PATH|O_CLOEXEC|O_DIRECTORY, ${IN_ROOT}`;
const FILE_PLACE = `{flags: O_PATH|O_CLOEXEC, ${IN_ROOT}`;

describe('a new file system', () => {
  test('is made, configured in the order of its options, and stays detached', () => {
    const options = ['nosuid', 'size=64m', 'newinstance', 'nodev', 'mode=700'];
    expect(text(createFilesystem({ type: 'tmpfs', source: 'shm', options }, 'have memory'))).toEqual([
      'fsopen("tmpfs", FSOPEN_CLOEXEC) -> <fs>',
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "source", "shm", 0)',
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "size", "64m", 0)',
      'fsconfig(<fs>, FSCONFIG_SET_FLAG, "newinstance", NULL, 0)',
      'fsconfig(<fs>, FSCONFIG_SET_STRING, "mode", "700", 0)',
      'fsconfig(<fs>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)',
      'fsmount(<fs>, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV) -> <mount>',
    ]);
  });

  test('may be read-only, also in the words for one mount alone', () => {
    const flagsOf = (...options: string[]): string | undefined =>
      text(createFilesystem({ type: 'tmpfs', options }, 'have memory')).at(-1);
    expect(flagsOf('ro=vfs')).toBe('fsmount(<fs>, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY) -> <mount>');
    expect(flagsOf('nodev', 'ro=vfs')).toContain('MOUNT_ATTR_NODEV|MOUNT_ATTR_RDONLY');
    expect(flagsOf('nodev', 'ro')).toContain('MOUNT_ATTR_NODEV|MOUNT_ATTR_RDONLY');
  });

  test('is called after its type, and its result as wanted', () => {
    const steps = text(createFilesystem({ type: 'mqueue', result: 'queues' }, 'have queues'));
    expect(steps[1]).toBe('fsconfig(<fs>, FSCONFIG_SET_STRING, "source", "mqueue", 0)');
    expect(steps.at(-1)).toBe('fsmount(<fs>, FSMOUNT_CLOEXEC, 0) -> <queues>');
  });
});

describe('a copy of a tree', () => {
  const tree = (...options: string[]): string[] =>
    text(cloneTree({ source: '/srv', options: parseMountOptions(options) }, 'bring it in'));
  const OPEN = 'open_tree(AT_FDCWD, "/srv", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC';

  test('takes along what is mounted below', () => {
    expect(tree('rbind')).toEqual([`${OPEN}|AT_RECURSIVE) -> <mount>`]);
    expect(tree()).toEqual(tree('rbind'));
  });

  test('is read-only at every depth', () => {
    expect(tree('rbind', 'ro')[1]).toBe(
      'mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_RDONLY}, 32)',
    );
  });

  test('of one mount alone changes that one alone', () => {
    expect(tree('bind', 'ro')).toEqual([
      `${OPEN}) -> <mount>`,
      'mount_setattr(<mount>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_RDONLY}, 32)',
    ]);
  });

  test('is read-only at the top alone where that is said', () => {
    expect(tree('rbind', 'nodev', 'ro=vfs').slice(1)).toEqual([
      'mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_NODEV}, 32)',
      'mount_setattr(<mount>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_RDONLY}, 32)',
    ]);
  });

  test('says that the old way to keep access times goes when there is a new one', () => {
    expect(tree('rbind', 'noatime')[1]).toContain('{set: MOUNT_ATTR_NOATIME, clear: MOUNT_ATTR__ATIME}');
    expect(tree('rbind', 'nodiratime')[1]).toContain('{set: MOUNT_ATTR_NODIRATIME}');
  });

  test('propagates as asked, and as it is when that is private', () => {
    expect(tree('rbind', 'rslave')[1]).toBe(
      'mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, {propagation: MS_SLAVE}, 32)',
    );
    expect(tree('rbind', 'rprivate')).toEqual(tree('rbind'));
    expect(tree('rbind', 'ro', 'rshared')).toHaveLength(3);
  });

  test('with the ids of a user namespace is private too, since it is made where others see its original', () => {
    const mapped = (...options: string[]): string[] =>
      text(cloneTree({ source: '/srv', options: parseMountOptions(options), usernsFd: 9 }, 'bring it in')).slice(1);
    const map = '{set: MOUNT_ATTR_IDMAP, userns_fd: 9}, 32)';
    expect(mapped('rbind', 'ridmap')).toEqual([
      `mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, ${map}`,
      'mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, {propagation: MS_PRIVATE}, 32)',
    ]);
    expect(mapped('rbind', 'idmap', 'rslave')).toEqual([
      `mount_setattr(<mount>, "", AT_EMPTY_PATH, ${map}`,
      'mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, {propagation: MS_SLAVE}, 32)',
    ]);
  });

  test('may have another result', () => {
    const steps = text(cloneTree({ source: '/a', options: parseMountOptions(['ro']), result: 'rootfs' }, 'use it'));
    expect(steps[0]).toMatch(/-> <rootfs>$/);
    expect(steps[1]).toMatch(/^mount_setattr\(<rootfs>/);
  });
});

describe('a mountpoint', () => {
  const point = (path: string, kind: 'file' | 'directory' = 'directory', opened?: Set<string>): string[] =>
    text(openMountpoint({ root, path, kind }, 'have it', opened));

  test('is made name by name, each looked up again inside the root', () => {
    expect(point('/srv/data')).toEqual([
      'mkdirat(<rootfs>, "srv", 0755)',
      `openat2(<rootfs>, "srv", ${PLACE} -> <directory srv>`,
      'mkdirat(<directory srv>, "data", 0755)',
      `openat2(<rootfs>, "srv/data", ${PLACE} -> <target>`,
    ]);
  });

  test('that is a file is made as one', () => {
    expect(point('/hosts', 'file')).toEqual([
      'mknodat(<rootfs>, "hosts", 0100644, 0)',
      `openat2(<rootfs>, "hosts", ${FILE_PLACE} -> <target>`,
    ]);
  });

  test('may be the root', () => {
    for (const path of ['/', '', '//']) expect(point(path)).toEqual([`openat2(<rootfs>, "/", ${PLACE} -> <target>`]);
  });

  test('may exist, also where nothing can be made; anything else that making says is a failure', () => {
    const steps = openMountpoint({ root, path: '/a/b', kind: 'directory' }, 'have it');
    const [made, opened] = [
      steps.filter(({ syscall }) => syscall === 'mkdirat'),
      steps.filter(({ syscall }) => syscall === 'openat2'),
    ];
    for (const step of made) expect(step.tolerate).toEqual(['EEXIST', 'EROFS', 'EACCES', 'EPERM']);
    for (const step of opened) expect(step.tolerate).toBeUndefined();
  });

  test('shares the parents that are open already', () => {
    const opened = new Set<string>();
    point('/a/b/one', 'directory', opened);
    expect([...opened]).toEqual(['a', 'a/b']);
    expect(point('/a/b/two', 'directory', opened)).toEqual([
      'mkdirat(<directory a/b>, "two", 0755)',
      `openat2(<rootfs>, "a/b/two", ${PLACE} -> <target>`,
    ]);
    expect(point('/a/c/three', 'directory', opened)[0]).toBe('mkdirat(<directory a>, "c", 0755)');
  });

  test('makes what is open below it stale', () => {
    const opened = new Set(['a', 'a/b', 'a/b/c', 'a/bc']);
    point('/a/b', 'directory', opened);
    expect([...opened]).toEqual(['a', 'a/bc']);
    point('/a', 'directory', opened);
    expect([...opened]).toEqual([]);
  });

  const names = fc
    .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
    .map((parts) => `/${parts.join('/')}`);

  test('never uses a parent that no earlier step of the program has opened, or that a mount has hidden', () => {
    fc.assert(
      fc.property(fc.array(names, { maxLength: 8 }), (paths) => {
        const opened = new Set<string>();
        const valid = new Set<string>();
        for (const path of paths) {
          for (const step of openMountpoint({ root, path, kind: 'directory' }, 'have it', opened)) {
            const [dir] = step.args;
            if (typeof dir === 'object' && dir !== null && 'of' in dir && dir.of !== 'rootfs')
              expect(valid).toContain(dir.of);
            if (step.result && step.result !== 'target') valid.add(step.result);
          }
          for (const name of valid)
            if (name === `directory ${path.slice(1)}` || name.startsWith(`directory ${path.slice(1)}/`))
              valid.delete(name);
        }
      }),
    );
  });

  test('is looked up by the kernel inside the root, every time, and never by a bare path', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('file' as const, 'directory' as const), (path, kind) => {
        for (const step of openMountpoint({ root, path, kind }, 'have it')) {
          expect(['mkdirat', 'mknodat', 'openat2']).toContain(step.syscall);
          if (step.syscall === 'openat2') expect(renderStep(step)).toContain(IN_ROOT);
          // What is made is one name in a directory that is open.
          else expect(step.args[1]).not.toContain('/');
        }
      }),
    );
  });

  test('takes a mount', () => {
    expect(renderStep(attach('proc', 'show it'))).toBe(
      'move_mount(<proc>, "", <target>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
    );
  });
});

describe('devices', () => {
  test('are made by root, with the links programs expect', () => {
    expect(text(populateDev({ dev: 'dev', source: 'mknod' }))).toEqual([
      'mknodat(<dev>, "null", 020666, 259)',
      'mknodat(<dev>, "zero", 020666, 261)',
      'mknodat(<dev>, "full", 020666, 263)',
      'mknodat(<dev>, "random", 020666, 264)',
      'mknodat(<dev>, "urandom", 020666, 265)',
      'mknodat(<dev>, "tty", 020666, 1280)',
      'symlinkat("/proc/self/fd", <dev>, "fd")',
      'symlinkat("/proc/self/fd/0", <dev>, "stdin")',
      'symlinkat("/proc/self/fd/1", <dev>, "stdout")',
      'symlinkat("/proc/self/fd/2", <dev>, "stderr")',
      'symlinkat("/proc/kcore", <dev>, "core")',
      'symlinkat("pts/ptmx", <dev>, "ptmx")',
    ]);
  });

  test('are bound where they cannot be made', () => {
    expect(text(populateDev({ dev: 'dev', source: 'bind' })).every((step) => step.startsWith('symlinkat'))).toBe(true);
    const steps = text(bindDevices('rootfs'));
    expect(steps.slice(0, 6)).toEqual([
      'open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <mount>',
      'mkdirat(<rootfs>, "dev", 0755)',
      `openat2(<rootfs>, "dev", ${PLACE} -> <directory dev>`,
      'mknodat(<directory dev>, "null", 0100644, 0)',
      `openat2(<rootfs>, "dev/null", ${FILE_PLACE} -> <target>`,
      renderStep(attach('mount', '')),
    ]);
    expect(steps.filter((step) => step.startsWith('mkdirat'))).toHaveLength(1);
    expect(steps.filter((step) => step.startsWith('move_mount'))).toHaveLength(6);
  });

  test('are not bound over what is mounted in their place', () => {
    const steps = text(bindDevices('rootfs', { except: ['/dev/zero', '/dev/shm'] })).join('\n');
    expect(steps.match(/(?<=open_tree\(AT_FDCWD, "\/dev\/)\w+/g)).toEqual(['null', 'full', 'random', 'urandom', 'tty']);
  });

  test('of a terminal go to its user, and its group stays', () => {
    expect(renderStep(giveTerminal({ terminal: 'tty', uid: 1000 }))).toBe(
      'fchownat(<tty>, "", 1000, -1, AT_EMPTY_PATH)',
    );
  });
});

describe('masks', () => {
  const kindOf = (path: string): 'file' | 'directory' | undefined =>
    ({ '/proc/kcore': 'file' as const, '/sys/firmware': 'directory' as const })[path];

  const newFilesystem = (...options: string[]): string[] =>
    text(createFilesystem({ type: 'tmpfs', options, result: 'nothing' }, ''));
  const onto = (place: string): string =>
    `move_mount(<mask>, "", <${place}>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)`;
  const MAKE_DIRECTORY = 'mkdirat(<nothing>, "directory", 0555)';
  const FORBID_CHANGES = 'mount_setattr(<nothing>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_RDONLY}, 32)';
  const COPY_DIRECTORY = 'open_tree(<nothing>, "directory", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <mask>';

  test('are copies of a null device and an empty directory, made once and let go of at the end', () => {
    const steps = maskPaths(['/sys/firmware', '/proc/kcore', '/proc/none'], kindOf);
    expect(text(steps)).toEqual([
      `openat2(AT_FDCWD, "/proc/kcore", ${FILE_PLACE} -> <file /proc/kcore>`,
      `openat2(AT_FDCWD, "/sys/firmware", ${PLACE} -> <directory /sys/firmware>`,
      ...newFilesystem('nosuid', 'noexec'),
      MAKE_DIRECTORY,
      'mknodat(<nothing>, "null", 020666, 259)',
      FORBID_CHANGES,
      'move_mount(<nothing>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)',
      'open_tree(<nothing>, "null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <mask>',
      onto('file /proc/kcore'),
      'mount_setattr(<nothing>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_NODEV}, 32)',
      COPY_DIRECTORY,
      onto('directory /sys/firmware'),
      'fchdir(<nothing>)',
      'umount2(".", MNT_DETACH)',
      'chdir("/")',
    ]);
    expect(steps.slice(0, 2).map(({ tolerate, why }) => [tolerate, why])).toEqual([
      [['ENOENT', 'ENOTDIR'], 'hide /proc/kcore'],
      [['ENOENT', 'ENOTDIR'], 'hide /sys/firmware'],
    ]);
  });

  test('make no more than they need', () => {
    expect(text(maskPaths(['/sys/firmware'], kindOf, { copiesDetached: true })).slice(1, -2)).toEqual([
      ...newFilesystem('nosuid', 'nodev', 'noexec'),
      MAKE_DIRECTORY,
      FORBID_CHANGES,
    ]);
    expect(text(maskPaths(['/proc/kcore'], kindOf, { copiesDetached: true })).slice(1, -2)).toEqual([
      ...newFilesystem('nosuid', 'noexec'),
      'mknodat(<nothing>, "null", 020666, 259)',
      FORBID_CHANGES,
    ]);
  });

  test('are copies of what is attached nowhere, where the kernel makes such', () => {
    const paths = ['/proc/kcore', '/sys/firmware'];
    const attached = text(maskPaths(paths, kindOf));
    const detached = text(maskPaths(paths, kindOf, { copiesDetached: true }));
    expect(attached.filter((call) => !detached.includes(call))).toEqual([
      'move_mount(<nothing>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)',
      'fchdir(<nothing>)',
      'umount2(".", MNT_DETACH)',
      'chdir("/")',
    ]);
    expect(attached.filter((call) => detached.includes(call))).toEqual(detached);
  });

  test('are copies of a null device that is held, which has to be attached where the kernel wants that', () => {
    const masks = (copiesDetached: boolean): string[] =>
      text(maskPaths(['/proc/kcore'], kindOf, { copiesDetached, nullDevice: 'held' }));
    expect(masks(true)).toContain('open_tree(<null>, "", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_EMPTY_PATH) -> <mask>');
    expect(masks(true).filter((call) => call.startsWith('move_mount(<null>'))).toEqual([]);
    const steps = masks(false);
    expect(steps).toContain('mknodat(<nothing>, "null", 0100444, 0)');
    expect(steps.indexOf('move_mount(<null>, "", <nothing>, "null", MOVE_MOUNT_F_EMPTY_PATH)')).toBeLessThan(
      steps.indexOf('open_tree(<nothing>, "null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <mask>'),
    );
  });

  test('are copies of an empty file where there is no null device', () => {
    const steps = text(maskPaths(['/proc/kcore', '/sys/firmware'], kindOf, { nullDevice: 'none' }));
    expect(steps).toContain('mknodat(<nothing>, "null", 0100444, 0)');
    expect(steps).toEqual(expect.arrayContaining(newFilesystem('nosuid', 'nodev', 'noexec')));
    expect(steps.filter((call) => /<null>|NODEV}/.test(call))).toEqual([]);
  });

  test('of the root itself may be either: a file is tried first, and a directory refuses it', () => {
    const steps = maskPaths(['/opt/secret'], kindOf);
    const covers = steps.filter(({ syscall, why }) => syscall === 'move_mount' && why === 'hide /opt/secret');
    expect(covers.map(({ tolerate }) => tolerate)).toEqual([['EINVAL'], undefined]);
    expect(steps.filter(({ result }) => result === 'mask').map(({ args }) => args[1])).toEqual(['null', 'directory']);
  });

  test('that hide nothing cost nothing', () => {
    expect(maskPaths([], kindOf)).toEqual([]);
    expect(maskPaths(['/proc/none', '/sys/none'], kindOf)).toEqual([]);
    expect(makeReadOnly(['/proc/none'], kindOf)).toEqual([]);
  });

  test('ask the host about the files of the kernel only', () => {
    const asked: string[] = [];
    const ask = (path: string): undefined => {
      asked.push(path);
    };
    const paths = ['/proc/a', '/sys/b', '/sys', '/etc/c', '/processes', '/proc/../etc/d', '//proc/e'];
    const masks = maskPaths(paths, ask);
    expect(asked).toEqual(['/proc/a', '/sys/b', '/sys', '//proc/e']);
    expect([...new Set(masks.map(({ why }) => why).filter((why) => why.startsWith('hide')))]).toEqual([
      'hide /etc/c',
      'hide /processes',
      'hide /proc/../etc/d',
    ]);
  });

  test('can look in the mount that the path belongs to', () => {
    const options = { mounts: { '/proc': 'proc', '/sys': 'sysfs' } };
    const inTop = maskPaths(['/proc/kcore'], kindOf, options).slice(-5);
    expect(text(inTop).slice(0, 2)).toEqual([
      'open_tree(<nothing>, "null", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) -> <mask>',
      'move_mount(<mask>, "", <proc>, "kcore", MOVE_MOUNT_F_EMPTY_PATH)',
    ]);
    expect(inTop[1]?.tolerate).toEqual(['ENOENT', 'ENOTDIR']);
    const looked = [
      ...maskPaths(['/proc/kcore', '/sys/firmware'], kindOf, options),
      ...makeReadOnly(['/proc/kcore', '/etc/x'], kindOf, options),
    ].filter(({ syscall }) => syscall === 'openat2');
    expect(text(looked).map((line) => line.split(', {')[0])).toEqual([
      'openat2(<sysfs>, "/firmware"',
      'openat2(<proc>, "/kcore"',
      'openat2(AT_FDCWD, "/etc/x"',
    ]);
  });

  test('and what is read-only is a copy of itself that refuses changes, at every depth', () => {
    expect(text(makeReadOnly(['/proc/kcore'], kindOf))).toEqual([
      `openat2(AT_FDCWD, "/proc/kcore", ${FILE_PLACE} -> <place>`,
      'open_tree(<place>, "", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_EMPTY_PATH|AT_RECURSIVE) -> <tree>',
      'mount_setattr(<tree>, "", AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_RDONLY}, 32)',
      'move_mount(<tree>, "", <place>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
    ]);
  });
});

describe('a root', () => {
  const ON_TOP = 'move_mount(<rootfs>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)';

  test('from a directory is a copy of its tree on top of the old root', () => {
    expect(text(enterNewRoot({ kind: 'bind', path: './box' }))).toEqual([
      'open_tree(AT_FDCWD, "./box", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE) -> <rootfs>',
      ON_TOP,
      'fchdir(<rootfs>)',
    ]);
  });

  test('in memory is a tmpfs that everybody may look into', () => {
    const steps = text(enterNewRoot({ kind: 'tmpfs' }));
    expect(steps).toContain('fsconfig(<fs>, FSCONFIG_SET_STRING, "mode", "755", 0)');
    expect(steps.slice(-2)).toEqual([ON_TOP, 'fchdir(<rootfs>)']);
  });

  test.each([[true], [false]])(
    'with an overlay names its layers by descriptor (in a user namespace: %s)',
    (inUserNamespace) => {
      const steps = text(enterNewRoot({ kind: 'overlay', path: '/odd,path:here', inUserNamespace }));
      expect(steps).toContain('dup3(<lower>, 60, O_CLOEXEC)');
      expect(steps).toContain('dup3(<scratch>, 61, O_CLOEXEC)');
      expect(steps).toContain('fsconfig(<fs>, FSCONFIG_SET_STRING, "lowerdir", "/proc/self/fd/60", 0)');
      expect(steps).toContain('fsconfig(<fs>, FSCONFIG_SET_STRING, "upperdir", "/proc/self/fd/61/upper", 0)');
      expect(steps).toContain('fsconfig(<fs>, FSCONFIG_SET_STRING, "workdir", "/proc/self/fd/61/work", 0)');
      expect(steps.includes('fsconfig(<fs>, FSCONFIG_SET_FLAG, "userxattr", NULL, 0)')).toBe(inUserNamespace);
      expect(steps.slice(-4)).toEqual(['fchdir(<scratch>)', 'umount2(".", MNT_DETACH)', ON_TOP, 'fchdir(<rootfs>)']);
    },
  );

  test('with mapped ids is a copy that an earlier step has, whole or as the layer of an overlay', () => {
    const bind = { kind: 'bind', path: '/box', idmapped: true } as const;
    const overlay = { kind: 'overlay', path: '/box', inUserNamespace: true, idmapped: true } as const;
    expect(idmappedCopyOf(bind)).toMatchObject({ source: '/box', result: 'rootfs', options: { idmap: 'ridmap' } });
    expect(idmappedCopyOf(overlay)).toMatchObject({ source: '/box', result: 'lower', options: { idmap: 'idmap' } });
    expect(text(enterNewRoot(bind))).toEqual([ON_TOP, 'fchdir(<rootfs>)']);
    const steps = text(enterNewRoot(overlay));
    expect(steps[0]).toBe('move_mount(<lower>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)');
    expect(steps.filter((step) => step.startsWith('openat('))).toEqual([]);
    expect(steps.slice(-6)).toEqual([
      'fchdir(<scratch>)',
      'umount2(".", MNT_DETACH)',
      'fchdir(<lower>)',
      'umount2(".", MNT_DETACH)',
      ON_TOP,
      'fchdir(<rootfs>)',
    ]);
  });

  test('without mapped ids needs no copy', () => {
    expect(idmappedCopyOf({ kind: 'tmpfs' })).toBeUndefined();
    expect(idmappedCopyOf({ kind: 'bind', path: '/box', idmapped: false })).toBeUndefined();
  });

  test('is pivoted to, rid of the old one, and looked at once more', () => {
    expect(text(leaveOldRoot())).toEqual([
      'fchdir(<rootfs>)',
      'pivot_root(".", ".")',
      'umount2(".", MNT_DETACH)',
      'chdir("/")',
      'openat2(AT_FDCWD, "..", {flags: O_PATH|O_CLOEXEC, resolve: RESOLVE_NO_XDEV}, 24)',
    ]);
    expect(leaveOldRoot().every(({ tolerate }) => tolerate === undefined)).toBe(true);
  });

  test('is read-only alone, without what is mounted on it', () => {
    expect(renderStep(makeRootReadOnly())).toBe('mount_setattr(AT_FDCWD, "/", 0, {set: MOUNT_ATTR_RDONLY}, 32)');
  });

  test('is changed the simple way by chroot, which alone does not move', () => {
    expect(text(changeRoot('./box'))).toEqual(['chroot("./box")', 'chdir("/")']);
  });

  test('is kept to itself with everything below', () => {
    expect(renderStep(keepMountsPrivate())).toBe('mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)');
  });
});

describe('a working directory', () => {
  test('is found inside the root', () => {
    expect(text(enterWorkingDirectory('/srv/app'))).toEqual([
      `openat2(AT_FDCWD, "/srv/app", ${PLACE} -> <target>`,
      'fchdir(<target>)',
    ]);
  });

  test('is made name by name where asked to', () => {
    const steps = text(enterWorkingDirectory('/srv/app', { create: true }));
    expect(steps.slice(0, -1)).toEqual(text(openMountpoint({ root: -100, path: '/srv/app', kind: 'directory' }, '')));
    expect(steps.at(-1)).toBe('fchdir(<target>)');
  });
});

describe('the host root', () => {
  const nothing = { links: [], copied: [], shown: [] };

  test('has directories of its own, with their modes', () => {
    const made = furnishHostRoot(nothing, { hostname: 'box' }).filter(({ syscall }) => syscall === 'mkdirat');
    expect(text(made)).toEqual(
      [
        '"etc", 0755',
        '"home", 0755',
        '"root", 0700',
        '"tmp", 01777',
        '"run", 0755',
        '"var", 0755',
        '"var/tmp", 01777',
        '"proc", 0555',
        '"sys", 0555',
        '"dev", 0755',
      ].map((rest) => `mkdirat(<rootfs>, ${rest})`),
    );
  });

  test('has its name in /etc/hostname and /etc/hosts', () => {
    const steps = text(furnishHostRoot(nothing, { hostname: 'box' }));
    expect(steps.filter((step) => step.startsWith('write'))).toEqual([
      'write(<file>, "box\\n", 4)',
      expect.stringContaining('127.0.1.1\\tbox\\n'),
    ]);
  });

  test('shows directories read-only, makes links again, and copies settings, with the parents each needs', () => {
    const steps = text(
      furnishHostRoot(
        {
          links: [
            { path: '/bin', target: 'usr/bin' },
            { path: '/etc/a/link', target: '/usr/x' },
          ],
          copied: ['/etc/a/b/file'],
          shown: [
            { path: '/usr', kind: 'directory' },
            { path: '/etc/big', kind: 'file' },
          ],
        },
        { hostname: 'box' },
      ),
    );
    const at = (line: string): number => {
      expect(steps).toContain(line);
      return steps.indexOf(line);
    };
    at('symlinkat("usr/bin", <rootfs>, "bin")');
    expect(at('mkdirat(<rootfs>, "etc/a", 0755)')).toBeLessThan(at('symlinkat("/usr/x", <rootfs>, "etc/a/link")'));
    expect(at('open_tree(AT_FDCWD, "/usr", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE) -> <mount>')).toBe(
      at('mount_setattr(<mount>, "", AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID}, 32)') - 1,
    );
    at('mknodat(<directory etc>, "big", 0100644, 0)');
    const copy = at('sendfile(<file>, <source>, 0, 16384)');
    expect(steps.slice(copy - 3, copy + 3)).toEqual([
      'mkdirat(<rootfs>, "etc/a/b", 0755)',
      'openat(AT_FDCWD, "/etc/a/b/file", O_RDONLY|O_NONBLOCK|O_CLOEXEC, 0) -> <source>',
      expect.stringMatching(/^openat2\(<rootfs>, "etc\/a\/b\/file", .*O_CREAT.* -> <file>$/),
      'sendfile(<file>, <source>, 0, 16384)',
      'close(<file>)',
      'close(<source>)',
    ]);
  });

  test('is looked for on the host: programs, small settings, nothing secret', () => {
    const found = inspectHost();
    const paths = [...[...found.links, ...found.shown].map(({ path }) => path), ...found.copied];
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain('/usr');
    expect(paths.filter((path) => /shadow|ssh|private|sudoers|home|root/.test(path))).toEqual([]);
    for (const path of found.copied) expect(statSync(path).isFile()).toBe(true);
    for (const { path, kind } of found.shown) expect(statSync(path).isDirectory() ? 'directory' : 'file').toBe(kind);
    // As data, so that it can be kept and sent.
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});

test('every step says what it is for', () => {
  const steps = [
    ...enterNewRoot({ kind: 'overlay', path: '/a', inUserNamespace: true }),
    ...furnishHostRoot(inspectHost(), { hostname: 'box' }),
    ...bindDevices('rootfs'),
    ...leaveOldRoot(),
    ...holdNullDevice(0o20666),
    ...maskPaths(['/a'], () => undefined, { nullDevice: 'held' }),
    ...maskPaths(['/a', '/sys/a'], () => 'directory'),
    ...makeReadOnly(['/a'], () => undefined),
    ...enterWorkingDirectory('/a', { create: true }),
  ];
  for (const { why } of steps) expect(why).toMatch(/^[a-z].*[^. ]$/);
});
