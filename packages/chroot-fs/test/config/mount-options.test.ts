import { parseConfigMountOptions } from '@coracle/chroot-fs/config';
import { describe, expect, test } from '@jest/globals';

const texts = (options: string[]): string[] => {
  const { top, tree } = parseConfigMountOptions(options);
  return [top.set.text, top.clear.text, tree.set.text, tree.clear.text];
};

describe('options of a mount in a config.json', () => {
  test.each([
    [
      ['ro', 'nosuid'],
      ['MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID', '0', '0', '0'],
    ],
    [
      ['rro', 'rnodev'],
      ['0', '0', 'MOUNT_ATTR_RDONLY|MOUNT_ATTR_NODEV', '0'],
    ],
    [
      ['ro', 'rnoexec'],
      ['MOUNT_ATTR_RDONLY', '0', 'MOUNT_ATTR_NOEXEC', '0'],
    ],
    [
      ['ro', 'rw'],
      ['0', 'MOUNT_ATTR_RDONLY', '0', '0'],
    ],
    [
      ['rw', 'ro'],
      ['MOUNT_ATTR_RDONLY', '0', '0', '0'],
    ],
    [['noatime'], ['MOUNT_ATTR_NOATIME', 'MOUNT_ATTR__ATIME', '0', '0']],
    [
      ['noatime', 'strictatime'],
      ['MOUNT_ATTR_STRICTATIME', 'MOUNT_ATTR__ATIME', '0', '0'],
    ],
    [['relatime'], ['0', 'MOUNT_ATTR__ATIME', '0', '0']],
    [
      ['rsuid', 'symfollow'],
      ['0', 'MOUNT_ATTR_NOSYMFOLLOW', '0', 'MOUNT_ATTR_NOSUID'],
    ],
    [
      ['defaults', 'loud', 'norelatime'],
      ['0', '0', '0', '0'],
    ],
  ])('%j', (options, expected) => {
    expect(texts(options)).toEqual(expected);
  });

  test.each([
    [['bind'], '0'],
    [['bind', 'rro', 'rprivate'], '0'],
    [['nosuid'], '0'],
    [['bind', 'remount', 'ro'], '0'],
    [['bind', 'ro', 'suid'], 'MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC|MOUNT_ATTR_NOSYMFOLLOW'],
    [['rbind', 'relatime', 'rw', 'nosuid', 'dev', 'exec'], 'MOUNT_ATTR_NOSYMFOLLOW|MOUNT_ATTR_NODIRATIME'],
    [['bind', 'nodiratime', 'rw', 'nosuid', 'dev', 'exec'], 'MOUNT_ATTR_NOSYMFOLLOW|MOUNT_ATTR__ATIME'],
    [['bind', 'nodiratime', 'strictatime', 'rw', 'nosuid', 'dev', 'exec'], 'MOUNT_ATTR_NOSYMFOLLOW'],
  ])('%j: what the source has more goes', (options, expected) => {
    expect(parseConfigMountOptions(options).unnamed.text).toBe(expected);
  });

  test('says how it is bound, mapped and connected, in the order of the words', () => {
    const { bind, idmap, propagation } = parseConfigMountOptions(['rbind', 'ridmap', 'rslave', 'shared']);
    expect([bind, idmap]).toEqual(['rbind', 'ridmap']);
    expect(propagation.map(({ kind, recursive }) => [kind.text, recursive])).toEqual([
      ['MS_SLAVE', true],
      ['MS_SHARED', false],
    ]);
  });

  test('what is not known is for the file system', () => {
    expect(parseConfigMountOptions(['tmpcopyup', 'size=64m', 'remount', 'sync']).data).toEqual([
      ['size', '64m'],
      ['sync', undefined],
    ]);
  });

  test('rbind holds beside bind, in whichever order', () => {
    expect(parseConfigMountOptions(['rbind', 'rprivate', 'rw', 'bind']).bind).toBe('rbind');
    expect(parseConfigMountOptions(['bind', 'rbind']).bind).toBe('rbind');
    expect(parseConfigMountOptions(['bind', 'ro']).bind).toBe('bind');
  });
});
