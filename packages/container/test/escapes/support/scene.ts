import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyboxRootfs } from '@coracle/test-support';

/** A root, and beside it a directory of the host that no container is to reach. */
export interface Scene extends Disposable {
  root: string;
  /** Holds the file `canary`. */
  outside: string;
  /** Every name and change time outside: the same before and after an attack. */
  inventory(): string;
}

/** Makes both, for everybody to write: the root is the attacker's, and outside only the walls protect. */
export function makeScene(): Scene {
  const rootfs = makeBusyboxRootfs();
  mkdirSync(join(rootfs.path, 'attacks'));
  const outside = mkdtempSync(join(tmpdir(), 'escapes-outside-'));
  writeFileSync(join(outside, 'canary'), 'alive\n');
  spawnSync('chmod', ['-R', 'a+rwX', rootfs.path, outside]);
  chmodSync(outside, 0o777);
  return {
    root: rootfs.path,
    outside,
    inventory: () => spawnSync('find', [outside, '-printf', '%p %m %u %T@ %l\n'], { encoding: 'utf8' }).stdout,
    [Symbol.dispose]: () => {
      rootfs[Symbol.dispose]();
      rmSync(outside, { recursive: true, force: true });
    },
  };
}
