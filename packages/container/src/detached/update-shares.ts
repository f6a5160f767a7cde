import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { errnoOf, SystemError } from '@coracle/errors';
import type { IntelRdt } from '@coracle/oci-spec';
import { classOf, NO_RESCTRL } from '../oci/plan-rdt.ts';

/** Shares of cache and of memory bandwidth, as in `linux.intelRdt`. */
export type Shares = Pick<IntelRdt, 'l3CacheSchema' | 'memBwSchema'>;

/**
 * Changes the shares of a container's class of service.
 * @param rdt what its configuration has: the class is that
 * @param options `mountPoint` tells where resctrl is mounted
 * @throws SystemError EOPNOTSUPP without resctrl; EINVAL where the container has no class, and for shares that the processor cannot give
 * @see the kernel's filesystems/resctrl
 */
export function updateShares(
  { l3CacheSchema, memBwSchema }: Shares,
  { id, rdt, mountPoint }: { id: string; rdt: IntelRdt | undefined; mountPoint: () => string | undefined },
): void {
  const lines = [l3CacheSchema, memBwSchema].filter((line) => line !== undefined);
  if (lines.length === 0) return;
  const refuse = (code: 'EOPNOTSUPP' | 'EINVAL', text: string, hint: string): SystemError =>
    new SystemError({ code, syscall: 'write', path: 'schemata', detail: lines.join(' '), text, hint });
  const root = mountPoint();
  if (root === undefined) throw refuse('EOPNOTSUPP', NO_RESCTRL.text, NO_RESCTRL.hint);
  if (!rdt)
    throw refuse(
      'EINVAL',
      `the container ${id} has no class of service`,
      'give it one with linux.intelRdt in config.json, and create it again',
    );
  const path = `${classOf(rdt, { id, mountPoint: root })}/schemata`;
  try {
    writeFileSync(path, `${lines.join('\n')}\n`, { flag: 'r+' });
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    throw new SystemError({ code, syscall: 'write', path, detail: lines.join(' '), hint: lastStatus(root), cause });
  }
}

/** In words what was wrong, as the kernel keeps it. */
function lastStatus(root: string): string {
  const path = `${root}/info/last_cmd_status`;
  const status = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return status || 'compare with what the processor has: see info below the mount point of resctrl';
}
