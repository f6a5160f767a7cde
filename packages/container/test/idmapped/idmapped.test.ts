import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allCapabilities } from '@coracle/capabilities';
import type { IdMaps } from '@coracle/namespaces';
import { renderStep, type Step } from '@coracle/syscalls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { configure } from '../../src/config/config.ts';
import { copyIdmapped } from '../../src/idmapped/plan-idmapped.ts';
import type { ContainerOptions } from '../../src/options/options.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { securityModules } from '../labels/modules.ts';
import { planFor as planOf } from '../plan-for.ts';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'idmapped-test-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

const map = (hostId: number): IdMaps => {
  const ids = [{ containerId: 0, hostId, size: 1 }];
  return { uids: ids, gids: ids, how: 'direct' };
};
/** No file of this machine belongs to one of these. */
const FAR = map(4_000_000_000);

function planFor(options: Partial<ContainerOptions>, ids: IdMaps | 'host' = FAR): Plan {
  const idMaps = ids === 'host' ? undefined : ids;
  return planOf(options, { idMaps, fileIds: idMaps, kindOf: () => 'directory' });
}

const text = (steps: readonly Step[]): string[] => steps.map((one) => renderStep(one).replaceAll(scratch, 'DIR'));
const copies = (plan: Plan): string[] => text(copyIdmapped(plan.idmapped, 9));

describe('files of the host with the ids of a container', () => {
  test('are copied by the caller, private and mapped all the way down', () => {
    expect(copies(planFor({ root: scratch }))).toEqual([
      'open_tree(AT_FDCWD, "DIR", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE) -> <rootfs>',
      'mount_setattr(<rootfs>, "", AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_IDMAP, userns_fd: 9}, 32)',
      'mount_setattr(<rootfs>, "", AT_EMPTY_PATH|AT_RECURSIVE, {propagation: MS_PRIVATE}, 32)',
    ]);
  });

  test('are taken by the init under a number that it knows, and the root needs no other copy', () => {
    const setup = text(planFor({ root: scratch }).setup);
    const at = setup.indexOf('openat(AT_FDCWD, "/", O_PATH|O_CLOEXEC, 0) -> <rootfs>');
    const attached = setup.indexOf('move_mount(<rootfs>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)');
    expect(setup.slice(at, at + 4)).toEqual([
      'openat(AT_FDCWD, "/", O_PATH|O_CLOEXEC, 0) -> <rootfs>',
      'close(<rootfs>)',
      'recvmsg(5, {room for descriptors}, MSG_CMSG_CLOEXEC)',
      'mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)',
    ]);
    // Between them only the null device is opened that files are hidden behind.
    expect(attached).toBeGreaterThan(at);
    expect(setup.slice(at + 4, attached).filter((step) => !/<null>|^futex/.test(step))).toEqual([]);
  });

  test('are the lower layer of an overlay, which is one mount, attached while the overlay is made', () => {
    const plan = planFor({ root: { path: scratch, overlay: true } });
    expect(copies(plan)[1]).toBe(
      'mount_setattr(<lower>, "", AT_EMPTY_PATH, {set: MOUNT_ATTR_IDMAP, userns_fd: 9}, 32)',
    );
    const setup = text(plan.setup);
    const on = setup.indexOf('move_mount(<lower>, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)');
    const off = setup.indexOf('fchdir(<lower>)');
    const made = setup.indexOf('fsconfig(<fs>, FSCONFIG_SET_STRING, "lowerdir", "/proc/self/fd/60", 0)');
    expect(on).toBeGreaterThan(0);
    expect(made).toBeGreaterThan(on);
    expect(off).toBeGreaterThan(made);
    expect(setup[off + 1]).toBe('umount2(".", MNT_DETACH)');
  });

  test('are volumes that ask for it, beside the root', () => {
    const volumes = [
      { source: scratch, target: '/plain' },
      { source: scratch, target: '/mapped', idmap: true, readOnly: true },
      { source: scratch, target: '/alone', idmap: true, recursive: 'disabled' as const },
    ];
    const plan = planFor({ volumes });
    expect(plan.idmapped).toHaveLength(2);
    const [first, readOnly, mapped] = copies(plan);
    expect(first).toContain('OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE');
    expect(readOnly).toContain('{set: MOUNT_ATTR_RDONLY|MOUNT_ATTR_NODEV}');
    expect(mapped).toContain('AT_EMPTY_PATH|AT_RECURSIVE, {set: MOUNT_ATTR_IDMAP');
    expect(copies(plan).filter((call) => call.includes('"", AT_EMPTY_PATH, {set: MOUNT_ATTR_IDMAP'))).toHaveLength(1);
    const setup = text(plan.setup);
    expect(setup.filter((call) => call.startsWith('recvmsg'))).toHaveLength(2);
    expect(setup.filter((call) => call.includes('open_tree(AT_FDCWD, "DIR"'))).toHaveLength(1);
  });

  test('a root that belongs to the ids of the container already is used as it is', () => {
    expect(planFor({ root: scratch }, map(process.getuid?.() ?? 0)).idmapped).toEqual([]);
  });

  test('cost a container without a user namespace nothing', () => {
    const plan = planFor({ root: scratch, volumes: [{ source: scratch, target: '/data' }] }, 'host');
    expect(plan.idmapped).toEqual([]);
    expect(text([...plan.setup, ...plan.monitor.steps]).filter((call) => /recvmsg|IDMAP|^close\(5/.test(call))).toEqual(
      [],
    );
  });
});

describe('a volume with idmap', () => {
  const volumes = (): ContainerOptions['volumes'] => [{ source: scratch, target: '/data', idmap: true }];
  const refusal = (inUserNamespace: boolean): unknown => {
    try {
      configure(
        { command: ['prog'], volumes: volumes() ?? [] },
        { id: 'abc', inUserNamespace, available: allCapabilities(), modules: securityModules() },
      );
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test('is refused to an ordinary user, with the reason', () => {
    expect(refusal(true)).toMatchObject({
      option: 'volumes',
      message: expect.stringContaining('the right to administer the file system it lies on'),
      hint: expect.stringContaining('--userns keep-id'),
    });
  });

  test('is refused in a container that has the ids of the host', () => {
    expect(refusal(false)).toMatchObject({ option: 'volumes', hint: expect.stringContaining('--userns auto') });
  });
});

describe('the init of a user namespace', () => {
  const first = (idMaps: IdMaps): string[] => text(planFor({}, idMaps).setup.slice(0, 2));

  test('becomes its root', () => {
    expect(first(FAR)).toEqual(['setresgid(0, 0, 0)', 'setresuid(0, 0, 0)']);
  });

  test('becomes its only user where there is no root', () => {
    const uids = [{ containerId: 1000, hostId: 1000, size: 1 }];
    const gids = [{ containerId: 100, hostId: 100, size: 1 }];
    expect(first({ uids, gids, how: 'single' })).toEqual(['setresgid(100, 100, 100)', 'setresuid(1000, 1000, 1000)']);
  });
});
