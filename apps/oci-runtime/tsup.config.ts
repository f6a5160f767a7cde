import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../tools/presets/command.ts';

export default command({ name: 'coracle-oci', warmUp: runEmptyBundle, versionName: 'CORACLE_OCI_VERSION' });

/** A container of an empty root: it is made, its program is not found, and it is removed again. */
function runEmptyBundle(directory: string): string[] {
  const bundle = join(directory, 'bundle');
  mkdirSync(join(bundle, 'rootfs'), { recursive: true });
  const namespaces = ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type }));
  const config = {
    ociVersion: '1.3.0',
    process: { user: { uid: 0, gid: 0 }, args: ['/nothing'], cwd: '/', noNewPrivileges: true },
    root: { path: 'rootfs' },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: { namespaces },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return ['--root', join(directory, 'state'), 'run', '--bundle', bundle, `warm-up-${process.pid}`];
}
