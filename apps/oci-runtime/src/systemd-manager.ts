import { statSync } from 'node:fs';
import type { SystemdManager } from '@coracle/container/detached';
import { SystemError } from '@coracle/errors';
import type { Settings } from './global-options.ts';

/** What is to be known of the machine and the caller, for a choice of systemd. */
export interface SystemdFacts {
  uid: number;
  /** Who owns a directory, as this process sees it; `undefined` where there is none. */
  ownerOf: (path: string) => number | undefined;
  environment: Readonly<Record<string, string | undefined>>;
}

/** It is there as long as systemd is process 1. @see sd_booted(3) */
const BOOTED = '/run/systemd/system';

/**
 * The systemd that is to make the cgroups of containers: that of the machine for its root, otherwise the caller's own. The root of a user
 * namespace is an ordinary user, unless the machine's systemd is in that namespace too.
 * @returns `undefined` where nobody has asked for it
 * @throws SystemError EOPNOTSUPP where systemd is not process 1, and where the caller has no bus of his own, with the remedy
 */
export function systemdManager(
  { systemdCgroup }: Pick<Settings, 'systemdCgroup'>,
  facts: SystemdFacts = theseFacts(),
): SystemdManager | undefined {
  if (!systemdCgroup) return undefined;
  const owner = facts.ownerOf(BOOTED);
  if (owner === undefined) throw cannot('systemd is not process 1 of this machine', CGROUPFS);
  if (facts.uid === 0 && owner === 0) return { bus: 'unix:path=/run/dbus/system_bus_socket', isUsers: false };
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime } = facts.environment;
  if (address) return { bus: address, isUsers: true };
  if (runtime) return { bus: `unix:path=${runtime}/bus`, isUsers: true };
  throw cannot('this user has no message bus', `log in anew, or: loginctl enable-linger; otherwise ${CGROUPFS}`);
}

const CGROUPFS =
  'use the cgroup manager cgroupfs (podman: --cgroup-manager cgroupfs; containerd: SystemdCgroup = false)';

function theseFacts(): SystemdFacts {
  return {
    uid: process.geteuid?.() ?? 0,
    ownerOf: (path) => statSync(path, { throwIfNoEntry: false })?.uid,
    environment: process.env,
  };
}

function cannot(text: string, hint: string): SystemError {
  return new SystemError({ code: 'EOPNOTSUPP', syscall: '--systemd-cgroup', text, hint });
}
