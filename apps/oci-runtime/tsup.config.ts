import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../tools/presets/command.ts';

export default command({ name: 'coracle-oci', trials: lifeOfOne, versionName: 'CORACLE_OCI_VERSION' });

/** What an engine has done for a container, from its making to its end. */
function lifeOfOne(directory: string): string[][] {
  const bundle = join(directory, 'bundle');
  mkdirSync(bundle);
  const namespaces = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type }));
  const config = {
    ociVersion: '1.3.0',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['sleep', '60'],
      cwd: '/',
      env: ['PATH=/usr/bin:/bin'],
      noNewPrivileges: true,
    },
    root: { path: '/', readonly: true },
    hostname: 'box',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      { destination: '/tmp', type: 'bind', source: directory, options: ['rbind', 'rprivate', 'ro'] },
    ],
    linux: {
      namespaces,
      resources: { pids: { limit: 20 } },
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
    },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const id = `trial-${process.pid}`;
  const verb = (...words: string[]): string[] => ['--root', join(directory, 'state'), ...words];
  return [
    verb('create', '--bundle', bundle, id),
    verb('state', id),
    verb('start', id),
    verb('kill', id, 'KILL'),
    verb('delete', '--force', id),
  ];
}
