import type { ConfigMountOptions } from '@coracle/chroot-fs/config';
import type { Mount } from '@coracle/oci-spec';
import { close, dup3, flags, MOUNT_ATTR, MS, mount as mountCall, OPEN, resultOf, type Step } from '@coracle/syscalls';
import { FDS } from '../plan/descriptors.ts';

/** What fsconfig(2) takes as one value, with its NUL. */
const LONGEST_VALUE = 256;

/** Whether an option is longer than fsconfig(2) takes, as the layers of an overlay are: mount(2) has a page for all of them. */
export function needsLongMount({ bind, data }: Pick<ConfigMountOptions, 'bind' | 'data'>): boolean {
  return (
    bind === undefined && data.some(([, value]) => value !== undefined && Buffer.byteLength(value) >= LONGEST_VALUE)
  );
}

/** What mount(2) calls the attributes. */
const WORDS: readonly (readonly [keyof typeof MOUNT_ATTR, keyof typeof MS])[] = [
  ['MOUNT_ATTR_RDONLY', 'MS_RDONLY'],
  ['MOUNT_ATTR_NOSUID', 'MS_NOSUID'],
  ['MOUNT_ATTR_NODEV', 'MS_NODEV'],
  ['MOUNT_ATTR_NOEXEC', 'MS_NOEXEC'],
  ['MOUNT_ATTR_NOATIME', 'MS_NOATIME'],
  ['MOUNT_ATTR_STRICTATIME', 'MS_STRICTATIME'],
  ['MOUNT_ATTR_NODIRATIME', 'MS_NODIRATIME'],
  ['MOUNT_ATTR_NOSYMFOLLOW', 'MS_NOSYMFOLLOW'],
];

/**
 * Steps that mount a file system with mount(2), onto a place that is held open: the path leads through the descriptor, so that
 * nobody can put anything else there in between.
 * @param target steps whose result `'target'` is the place
 */
export function longMount(
  { mount, options, why }: { mount: Mount; options: ConfigMountOptions; why: string },
  target: readonly Step[],
): Step[] {
  const { set, data } = { set: Number(options.top.set.value) | Number(options.tree.set.value), data: options.data };
  const names = WORDS.filter(([attribute]) => (set & MOUNT_ATTR[attribute]) !== 0).map(([, name]) => name);
  const type = mount.type ?? 'none';
  return [
    ...target,
    dup3({ from: resultOf('target'), to: FDS.place, flags: flags(OPEN, 'O_CLOEXEC') }, why),
    mountCall(
      {
        source: mount.source ?? type,
        target: `/proc/self/fd/${FDS.place}`,
        type,
        flags: flags(MS, ...names),
        data: data.map(([key, value]) => (value === undefined ? key : `${key}=${value}`)).join(','),
      },
      why,
    ),
    close(FDS.place, why),
    close(resultOf('target'), why),
  ];
}
