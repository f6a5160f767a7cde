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

/** One that has version 1, and version 2 beside it, as the machine is that the tests of version 2 run in. */
export function hybrid(): Requirement {
  return {
    what: 'the virtual machine with cgroups of both versions',
    met: read('/proc/cmdline').includes('coracle.cgroups=hybrid'),
  };
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
