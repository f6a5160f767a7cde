import { deviceNumbers } from '../devices/device-numbers.ts';
import { lookAt } from '../look-at.ts';
import { OptionError } from '../options/option-error.ts';
import type { Volume } from '../options/options.ts';

/** What a volume brings in. */
export interface VolumeSource {
  kind: 'file' | 'directory';
  /** A device that every container has anyway: over a file it is the usual way to empty it. */
  isHarmlessDevice: boolean;
}

/** Major and minor numbers of null, zero, full, random, urandom and tty. */
const HARMLESS = new Set(['1:3', '1:5', '1:7', '1:8', '1:9', '5:0']);

/**
 * Looks at the source of a volume.
 * @param path absolute, on the host
 * @throws {OptionError} for a device that the container may not use; SystemError when nothing is there or may be seen
 */
export function inspectSource(path: string, { target, dev }: Pick<Volume, 'target' | 'dev'>): VolumeSource {
  const missing = `make it first: mkdir -p ${path}`;
  const stats = lookAt(path, {
    option: 'volumes',
    step: `bring it in as ${target}`,
    hints: { ENOENT: missing, ENOTDIR: missing },
  });
  const isDevice = stats.isCharacterDevice() || stats.isBlockDevice();
  const isHarmlessDevice = isDevice && isHarmless(stats.rdev);
  if (isDevice && !isHarmlessDevice && dev !== true)
    throw new OptionError(
      'volumes',
      `${path} is a device, which would not work in the container: volumes come without devices`,
      `if the container is to use it, say so: --volume ${path}:${target}:dev`,
    );
  return { kind: stats.isDirectory() ? 'directory' : 'file', isHarmlessDevice };
}

function isHarmless(rdev: bigint): boolean {
  const { major, minor } = deviceNumbers(rdev);
  return HARMLESS.has(`${major}:${minor}`);
}
