import type { MountInfo } from './mount-info.ts';

/**
 * Whether nothing can be written through a mount: the mount itself or its whole file system is read-only.
 * @see mount(2), `MS_RDONLY`
 * @example
 * isReadOnly(mount) ? 'look only' : 'may write';
 */
export function isReadOnly(mount: MountInfo): boolean {
  return mount.options.includes('ro') || mount.superOptions.includes('ro');
}
