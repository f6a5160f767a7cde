import type { IdMaps } from '@coracle/namespaces';
import { describe, expect, test } from '@jest/globals';
import { checkUser } from '../../src/ids/check-user.ts';
import { defaultUser, userIdsOf, wantedIds } from '../../src/ids/user-namespace.ts';
import { parseUserNamespace, type UserNamespaceOption } from '../../src/index.ts';
import { refusal } from '../refusal.ts';

const ALICE = { uid: 1000, gid: 100 };
const ROOT = { uid: 0, gid: 0 };

describe('--userns', () => {
  test.each([
    ['host', 'host'],
    ['auto', 'auto'],
    ['keep-id', 'keep-id'],
    ['keep-id:uid=33', { mode: 'keep-id', uid: 33 }],
    ['keep-id:gid=0', { mode: 'keep-id', gid: 0 }],
    ['keep-id:uid=1000,gid=1001', { mode: 'keep-id', uid: 1000, gid: 1001 }],
    ['keep-id:gid=1001,uid=1000', { mode: 'keep-id', uid: 1000, gid: 1001 }],
  ])('%s', (text, mode) => {
    expect(parseUserNamespace(text)).toEqual(mode);
  });

  test.each([
    ['', "there is no mode ''"],
    ['true', "there is no mode 'true'"],
    ['bash', "there is no mode 'bash'"],
    ['HOST', "there is no mode 'HOST'"],
    ['auto:size=3', 'auto takes no options'],
    ['container:box', 'of another container cannot be had'],
    ['ns:/proc/1/ns/user', 'of another container cannot be had'],
    ['keep-id:', 'keep-id takes uid=N and gid=N alone'],
    ['keep-id:size=3', 'keep-id takes uid=N and gid=N alone'],
    ['keep-id:uid=alice', 'keep-id takes uid=N and gid=N alone'],
    ['keep-id:uid=1,uid=2', 'keep-id takes uid=N and gid=N alone'],
    ['keep-id:uid=1,', 'keep-id takes uid=N and gid=N alone'],
    ['keep-id:uid=1\n', 'keep-id takes uid=N and gid=N alone'],
  ])('%j is refused, and the modes are named', (text, reason) => {
    const { message, hint } = refusal(() => parseUserNamespace(text));
    expect(message).toContain(`--userns ${text}: `);
    expect(message).toContain(reason);
    for (const mode of ['auto', 'keep-id', 'host']) expect(hint).toContain(mode);
  });
});

describe('the option userNamespace', () => {
  test('is host for root and auto for an ordinary user when nothing is said', () => {
    expect(wantedIds(undefined, ROOT)).toBeUndefined();
    expect(wantedIds(undefined, ALICE)).toEqual({ mode: 'auto' });
  });

  test('gives root no user namespace with host', () => {
    expect(wantedIds('host', ROOT)).toBeUndefined();
  });

  test('host is refused to an ordinary user, with the reason and what to do', () => {
    const { option, message, hint } = refusal(() => wantedIds('host', ALICE));
    expect(option).toBe('userNamespace');
    expect(message).toContain('only in one of his own may he make the other namespaces');
    expect(hint).toContain('--userns keep-id');
  });

  test('another id inside is refused to root, who keeps all', () => {
    expect(refusal(() => wantedIds({ mode: 'keep-id', uid: 5 }, ROOT)).hint).toContain('--user');
    expect(wantedIds({ mode: 'keep-id' }, ROOT)).toEqual({ mode: 'keep-id', inside: {} });
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 32 - 1])('the id %p cannot be', (uid) => {
    expect(refusal(() => wantedIds({ mode: 'keep-id', uid }, ALICE)).message).toContain('cannot be the id');
  });

  test.each([true, 'private', { mode: 'auto' }])('%j of a program without types is refused', (option) => {
    const { hint } = refusal(() => wantedIds(option as UserNamespaceOption, ALICE));
    expect(hint).toContain('keep-id');
  });
});

describe('the program runs, when no user is named,', () => {
  test('as root with auto and without a user namespace', () => {
    expect(defaultUser(undefined, ROOT)).toBe('0');
    expect(defaultUser({ mode: 'auto' }, ALICE)).toBe('0');
  });

  test('as the caller with kept ids, or as whom he is to be inside', () => {
    expect(defaultUser({ mode: 'keep-id', inside: {} }, ALICE)).toBe('1000:100');
    expect(defaultUser({ mode: 'keep-id', inside: { uid: 33 } }, ALICE)).toBe('33:100');
  });
});

const maps = (how: IdMaps['how'], containerId: number, size: number): IdMaps => {
  const ids = [{ containerId, hostId: 1000, size }];
  return { uids: ids, gids: ids, how };
};

test('the report says whose ids are in force, not which were asked for', () => {
  const keep = { mode: 'keep-id', inside: {} } as const;
  expect([
    userIdsOf(undefined, undefined),
    userIdsOf({ mode: 'auto' }, maps('helper', 0, 9)),
    userIdsOf({ mode: 'auto' }, maps('single', 0, 1)),
    userIdsOf(keep, maps('helper', 0, 9)),
    userIdsOf(keep, maps('direct', 0, 9)),
    userIdsOf(keep, maps('single', 1000, 1)),
  ]).toEqual(['host', 'range', 'single', 'keep-id', 'keep-id', 'keep-id-single']);
});

describe('a user that the container does not have', () => {
  const run =
    (uid: number, idMaps: IdMaps): (() => void) =>
    () =>
      checkUser({ uid, gid: uid }, idMaps);

  test('is refused with what there is and what gives more', () => {
    expect(refusal(run(5, maps('single', 0, 1)))).toMatchObject({
      message: 'the container has no user 5:5, only root (which is you, outside)',
      hint: expect.stringContaining('--add-subuids'),
    });
    expect(refusal(run(0, maps('single', 1000, 1))).message).toContain('no user 0:0, only 1000:1000 (which is you)');
    expect(refusal(run(70000, maps('direct', 0, 65536)))).toMatchObject({
      message: 'the container has no user 70000: its ids are 0 to 65535',
      hint: 'choose one of them',
    });
  });

  test('is named as a group when only the group is missing, among ranges that are joined', () => {
    const gids = [
      { containerId: 0, hostId: 9, size: 3 },
      { containerId: 3, hostId: 1, size: 1 },
      { containerId: 9, hostId: 99, size: 1 },
    ];
    const idMaps = { ...maps('helper', 0, 100), gids };
    expect(refusal(run(7, idMaps)).message).toBe('the container has no group 7: its ids are 0 to 3, 9');
  });

  test('is none of those it has', () => {
    expect(run(8, maps('helper', 0, 9))).not.toThrow();
    expect(run(1000, maps('single', 1000, 1))).not.toThrow();
  });
});
