import type { SecurityModules } from '../labels/security-modules.ts';
import { cannot } from './config-error.ts';
import type { Normalized } from './normalize.ts';

/**
 * Refuses a profile or a label of a security module that is not at work: nothing would keep it.
 * @throws {ConfigError} naming the field
 */
export function checkLabels(
  { process, linux }: Normalized,
  { hasApparmor, hasSelinux }: Pick<SecurityModules, 'hasApparmor' | 'hasSelinux'>,
): void {
  const { apparmorProfile, selinuxLabel } = process;
  if (apparmorProfile && apparmorProfile !== 'unconfined' && !hasApparmor)
    throw cannot(
      { path: '$.process.apparmorProfile', value: apparmorProfile },
      'absent, as AppArmor is not at work in this kernel',
      'boot with apparmor=1 security=apparmor, or leave it out',
    );
  const labels: [path: string, value: string | undefined][] = [
    ['$.process.selinuxLabel', selinuxLabel],
    ['$.linux.mountLabel', linux.mountLabel],
  ];
  for (const [path, value] of labels)
    if (value && !hasSelinux)
      throw cannot(
        { path, value },
        'absent, as SELinux is not at work in this kernel',
        'boot with selinux=1 security=selinux, or leave it out',
      );
}
