import { existsSync, readFileSync } from 'node:fs';
import { needs, type Requirement } from '@coracle/test-support';

/** To start a systemd in a namespace. */
export const SYSTEMD: readonly Requirement[] = [
  needs.root,
  { what: 'systemd', met: existsSync('/lib/systemd/systemd') },
  needs.program('dbus-daemon'),
];

/** One that has version 2 to itself. */
export function version2(): Requirement {
  const controllers = read('/sys/fs/cgroup/cgroup.controllers');
  const met = ['memory', 'pids', 'cpu'].every((one) => controllers.includes(one));
  return { what: 'cgroup v2, mounted and writable, with its controllers', met };
}

/** The virtual machine, booted with version 1 alone (`'1'`) or with version 2 beside it. */
export function machineWith(cgroups: '1' | 'hybrid'): Requirement {
  return {
    what: `the virtual machine with cgroups of version 1${cgroups === '1' ? '' : ' and 2'}`,
    met: read('/proc/cmdline').split(/\s+/).includes(`coracle.cgroups=${cgroups}`),
  };
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
