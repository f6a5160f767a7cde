import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files of a rootfs: text, `null` for a directory, or a symbolic link. */
export type Tree = Readonly<Record<string, string | null | { link: string }>>;

/** A directory for a test with a rootfs in it and, beside that, files nobody may touch. */
export interface Scene extends Disposable {
  /** The directory of both. */
  path: string;
  rootfs: string;
  outside: string;
}

/** Makes `rootfs` and `outside` (with the file `canary`) in a new temporary directory. */
export function makeScene(rootfs: Tree = {}, outside: Tree = {}): Scene {
  const path = mkdtempSync(join(tmpdir(), 'chroot-fs-test-'));
  chmodSync(path, 0o755);
  plant(join(path, 'rootfs'), { etc: null, proc: null, dev: null, ...rootfs });
  plant(join(path, 'outside'), { canary: 'alive\n', ...outside });
  return {
    path,
    rootfs: join(path, 'rootfs'),
    outside: join(path, 'outside'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function plant(top: string, tree: Tree): void {
  mkdirSync(top);
  for (const [name, content] of Object.entries(tree)) {
    const path = join(top, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content === null) mkdirSync(path, { recursive: true });
    else if (typeof content === 'string') writeFileSync(path, content);
    else symlinkSync(content.link, path);
  }
}
