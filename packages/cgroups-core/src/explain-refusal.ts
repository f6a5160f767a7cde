import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ErrnoName } from '@coracle/errors';
import { NOT_YOURS, readValue } from './read-value.ts';
import { noMoreGroups } from './why-no-place.ts';
import { lackingFile, whyRefused } from './why-refused.ts';

/** What the kernel refused of a group. */
export interface RefusedChange {
  /** The file, or the directory that was to be made. */
  path: string;
  /** What was to be written; `undefined` for a directory. */
  value: string | undefined;
  code: ErrnoName;
}

/**
 * What a refusal means and what helps, as far as the files of the group tell afterwards: the kernel gives few errnos for many
 * reasons. For those who make the calls by themselves; an error of {@link writeValue} has it already.
 * @returns nothing for what the errno says as well
 * @example
 * explainRefusal({ path: '/sys/fs/cgroup/box/cgroup.subtree_control', value: '+memory', code: 'EBUSY' }).text;
 * // 'processes live in the group itself (4711)'
 */
export function explainRefusal({ path, value, code }: RefusedChange): { text?: string; hint?: string } {
  const directory = dirname(path);
  const file = path.slice(directory.length + 1);
  if (code === 'ENOENT' && value !== undefined) return whatIsMissing({ directory, file, value });
  if (code === 'EPERM' && file === 'devices.allow') {
    return {
      text: `the group ${dirname(directory)} does not allow that itself, or you are not root`,
      hint: 'leave the rule out, or have it allowed above; only root (CAP_SYS_ADMIN) may write rules for devices',
    };
  }
  const refusal = value === undefined ? undefined : whyRefused({ directory, file, value, code, read: readValue });
  if (refusal) return refusal;
  if (code === 'EEXIST') return { text: 'a file of the kernel has this name', hint: 'take another for the group' };
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return { hint: NOT_YOURS };
  if (code === 'EAGAIN' && value === undefined) return noMoreGroups(path, readValue) ?? {};
  if (code === 'EBUSY' && file.startsWith('memory.'))
    return { text: 'more memory is in use than would be allowed', hint: 'end processes first, or allow more' };
  return code === 'EINVAL' || code === 'ERANGE' ? { hint: 'the kernel does not take this value here' } : {};
}

/** The kernel answers ENOENT for a group, a file and a controller alike. */
function whatIsMissing({ directory, file, value }: { directory: string; file: string; value: string }): {
  text: string;
  hint: string;
} {
  if (!existsSync(directory)) return { text: `there is no group ${directory}`, hint: 'it was removed, or never made' };
  if (file === 'cgroup.subtree_control') {
    return {
      text: `not all of the controllers ${value.replaceAll('+', '')} are available in ${directory}`,
      hint: `see ${directory}/cgroup.controllers: the group above must hand a controller down, and version 1 must not hold it`,
    };
  }
  if (file.startsWith('cgroup.'))
    return { text: `there is no ${file} in ${directory}`, hint: 'is this kernel too old?' };
  const lacking = lackingFile(directory, file);
  if (lacking) return lacking;
  return {
    text: `controller ${file.split('.')[0]} is not available in ${directory}`,
    hint: `see ${directory}/cgroup.controllers (version 2) or /proc/cgroups`,
  };
}
