import type { Config } from '@coracle/oci-spec';
import { close, flags, OPEN, openat2, RESOLVE, resultOf, type Step, write } from '@coracle/syscalls';
import { sysctlPath } from '../config/config-sysctls.ts';

/**
 * Steps that write the kernel settings of a container before /proc/sys becomes read-only: through its own proc, by
 * descriptor, and through nothing that is mounted over it or links elsewhere (CVE-2025-52881).
 * @see proc_sys(5)
 */
export function writeSysctls({ linux }: Config): Step[] {
  return Object.entries(linux?.sysctl ?? {}).flatMap(([key, value]) => {
    const why = `set ${key} to ${value}`;
    const path = `sys/${sysctlPath(key)}`;
    return [
      openat2(
        {
          dir: resultOf('proc'),
          path,
          flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC'),
          resolve: flags(RESOLVE, 'RESOLVE_BENEATH', 'RESOLVE_NO_XDEV', 'RESOLVE_NO_SYMLINKS'),
        },
        { why, result: 'setting' },
      ),
      write({ fd: resultOf('setting'), data: value }, why),
      close(resultOf('setting'), why),
    ];
  });
}
