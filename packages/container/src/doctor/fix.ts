import type { Distribution } from './host-facts.ts';

/**
 * The command that installs a program, for the distribution at hand or, where that is unknown, for both kinds.
 * @example
 * install('debian', { debian: 'uidmap', fedora: 'shadow-utils' }); // 'sudo apt install uidmap'
 */
export function install(distribution: Distribution, packages: { debian: string; fedora: string }): string {
  const debian = `sudo apt install ${packages.debian}`;
  const fedora = `sudo dnf install ${packages.fedora}`;
  if (distribution === 'debian') return debian;
  if (distribution === 'fedora') return fedora;
  return `${debian} (Debian, Ubuntu); ${fedora} (Fedora)`;
}

/**
 * The command that sets a kernel setting now and at every boot.
 * @example
 * setting('user.max_user_namespaces', 15000);
 */
export function setting(name: string, value: number): string {
  return `echo ${name}=${value} | sudo tee /etc/sysctl.d/60-coracle-${name.replace(/^.*\./, '')}.conf && sudo sysctl --system`;
}
