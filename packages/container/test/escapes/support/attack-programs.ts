import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContainerOptions } from '../../../src/options/options.ts';

const SOURCES = fileURLToPath(new URL('../programs/', import.meta.url));

/** Where the programs are inside a container. */
export const ATTACKS = '/attacks';

/** Attacks as programs that need nothing of the root they run in. */
export interface AttackPrograms extends Disposable {
  /** Directory on the host; every user can read it. */
  path: string;
  /** Shows them in a container, below {@link ATTACKS}. */
  volume: NonNullable<ContainerOptions['volumes']>[number];
}

/** Compiles sources of this suite; needs the program gcc. */
export function compileAttacks(...names: string[]): AttackPrograms {
  const path = mkdtempSync(join(tmpdir(), 'escapes-'));
  chmodSync(path, 0o755);
  for (const name of names) {
    const flags = ['-static', '-no-pie', '-O1', '-w', '-o', join(path, name), join(SOURCES, `${name}.c`)];
    const { status, stderr } = spawnSync('gcc', flags, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`gcc could not compile ${name}.c: ${stderr}`);
  }
  return {
    path,
    volume: { source: path, target: ATTACKS, readOnly: true },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
