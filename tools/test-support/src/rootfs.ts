import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAMS = [
  'sh',
  'ls',
  'cat',
  'echo',
  'true',
  'false',
  'sleep',
  'id',
  'ps',
  'hostname',
  'mount',
  'pwd',
  'env',
  'test',
  'touch',
  'rm',
  'kill',
  'stat',
  'tr',
  'wc',
];

/** A root file system of busybox in a temporary directory. Needs the program /bin/busybox, statically linked. */
export interface BusyboxRootfs extends Disposable {
  path: string;
}

/** Makes one; it is removed when it is disposed of. */
export function makeBusyboxRootfs(): BusyboxRootfs {
  const path = mkdtempSync(join(tmpdir(), 'coracle-rootfs-'));
  chmodSync(path, 0o755);
  for (const directory of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root']) mkdirSync(join(path, directory));
  cpSync('/bin/busybox', join(path, 'bin/busybox'));
  for (const program of PROGRAMS) symlinkSync('busybox', join(path, 'bin', program));
  writeFileSync(
    join(path, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nalice:x:1234:1235:Alice:/home/alice:/bin/sh\n',
  );
  writeFileSync(join(path, 'etc/group'), 'root:x:0:\nalice:x:1235:\nboats:x:77:alice,bob\n');
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
