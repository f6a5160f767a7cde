import type { Config } from '@coracle/oci-spec';
import { close, flags, OPEN, openat, resultOf, type Step, write } from '@coracle/syscalls';
import { sysctlPath } from './config-sysctls.ts';

/**
 * Steps that write the kernel settings of a container, through its own proc and before /proc/sys becomes read-only.
 * @see proc_sys(5)
 */
export function writeSysctls({ linux }: Config): Step[] {
  return Object.entries(linux?.sysctl ?? {}).flatMap(([key, value]) => {
    const why = `set ${key} to ${value}`;
    const path = `sys/${sysctlPath(key)}`;
    return [
      openat(
        { dir: resultOf('proc'), path, flags: flags(OPEN, 'O_WRONLY', 'O_NOFOLLOW', 'O_CLOEXEC') },
        { why, result: 'setting' },
      ),
      write({ fd: resultOf('setting'), data: value }, why),
      close(resultOf('setting'), why),
    ];
  });
}
