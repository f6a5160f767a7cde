import { chmodSync, lchownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyboxRootfs } from '@coracle/test-support';

/** Programs of the probe that the usual root of the tests does not have. */
const PROGRAMS = [
  'awk',
  'cut',
  'env',
  'find',
  'grep',
  'head',
  'ionice',
  'mknod',
  'nproc',
  'od',
  'readlink',
  'sed',
  'sort',
  'uname',
];
/** Mountpoints that configurations of the tests use: in a user namespace nobody could make them. */
const PLACES = [
  'data',
  'data/below',
  'scratch',
  'full',
  'file',
  'mnt',
  'work',
  'var/run',
  'dev/pts',
  'dev/shm',
  'dev/mqueue',
];

/** A bundle in a temporary directory: a root of busybox, and things of the host to mount. */
export interface Bundle extends Disposable {
  path: string;
  /** Writes config.json. */
  write(config: unknown): void;
}

/** Makes one; it is removed when it is disposed of. */
export function makeBundle(): Bundle {
  const root = makeBusyboxRootfs();
  const path = mkdtempSync(join(tmpdir(), 'coracle-bundle-'));
  for (const program of PROGRAMS)
    try {
      symlinkSync('busybox', join(root.path, 'bin', program));
    } catch {
      // The usual root has it after all.
    }
  for (const place of PLACES) mkdirSync(join(root.path, place), { recursive: true });
  // As the tmpfs on them are to have: runc 1.1 gives these the mode of what they cover, whatever their options say.
  chmodSync(join(root.path, 'dev/shm'), 0o1777);
  chmodSync(join(root.path, 'scratch'), 0o700);
  writeFileSync(join(root.path, 'full/one'), 'one\n', { mode: 0o640 });
  mkdirSync(join(root.path, 'full/directory'), { mode: 0o711 });
  writeFileSync(join(root.path, 'full/directory/two'), 'two\n'.repeat(10_000));
  symlinkSync('directory/two', join(root.path, 'full/link'));
  // Those of root in the user namespaces of the tests.
  if (process.geteuid?.() === 0)
    for (const name of ['', '/one', '/directory', '/directory/two', '/link'])
      lchownSync(join(root.path, `full${name}`), 200_000, 200_000);
  symlinkSync('/run/nowhere', join(root.path, 'var/lock'));
  mkdirSync(join(path, 'volume/below'), { recursive: true });
  writeFileSync(join(path, 'volume/file'), 'of the host\n');
  writeFileSync(join(path, 'alone'), 'a file of the host\n');
  renameSync(root.path, join(path, 'rootfs'));
  chmodSync(path, 0o755);
  return {
    path,
    write: (config) => writeFileSync(join(path, 'config.json'), JSON.stringify(config)),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
