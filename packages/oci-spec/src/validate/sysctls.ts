import type { Rule } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { IPC_SYSCTLS } from '../ipc-sysctls.ts';
import type { Config } from '../types/config.ts';
import type { NamespaceType } from '../types/linux.ts';

/** Kernel settings of a container are those of its namespaces: any other would change the whole machine. */
export const ownSysctls: Rule<Config> = ({ linux }, at, findings) => {
  for (const [key, value] of Object.entries(linux?.sysctl ?? {})) {
    const obstacle = obstacleTo(key, linux?.namespaces?.map(({ type }) => type) ?? []);
    if (obstacle === undefined) continue;
    report(findings, { path: memberPath(`${at}.linux.sysctl`, key), value, allowed: `absent, as ${obstacle}` });
  }
};

function obstacleTo(key: string, namespaces: readonly NamespaceType[]): string | undefined {
  // With a slash in it, dots belong to names: net/ipv4/conf/eth0.100/forwarding.
  const parts = key.split(key.includes('/') ? '/' : '.');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'it names nothing below /proc/sys';
  const dotted = parts.join('.');
  if (dotted === 'kernel.hostname') return 'hostname sets it';
  const type = namespaceOf(dotted);
  if (type === undefined) return 'it is no setting of a namespace and would change the whole machine';
  return namespaces.includes(type) ? undefined : `linux.namespaces has no '${type}'`;
}

function namespaceOf(dotted: string): NamespaceType | undefined {
  if (dotted.startsWith('net.')) return 'network';
  if (dotted.startsWith('fs.mqueue.') || IPC_SYSCTLS.includes(dotted)) return 'ipc';
  return dotted === 'kernel.domainname' ? 'uts' : undefined;
}
