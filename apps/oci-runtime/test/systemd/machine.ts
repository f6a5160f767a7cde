import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnSystemd } from '@coracle/test-support';
import { builtRuntime } from '../runtime.ts';

/** What is seen from inside of a machine whose process 1 is systemd. */
export interface SystemdMachine extends Disposable {
  /** The runtime, as a program that runs there with `--systemd-cgroup`. */
  runtime: string;
  /** What systemd says of a unit: properties by name. */
  show(unit: string, ...names: readonly string[]): Record<string, string>;
  /** Runs a program there to its end; returns what it has said. */
  call(...words: readonly string[]): string;
}

/** Lets the programs of the tests into the machine of a systemd. */
export async function machineOf(systemd: OwnSystemd): Promise<SystemdMachine> {
  const directory = mkdtempSync(join(tmpdir(), 'oci-systemd-'));
  const [program, ...args] = await systemd.inside([]);
  const runtime = join(directory, 'runtime');
  const words = [program, ...args, process.execPath, builtRuntime(), '--systemd-cgroup'];
  writeFileSync(runtime, `#!/bin/sh\nexec ${words.map(quote).join(' ')} "$@"\n`);
  chmodSync(runtime, 0o755);
  const call = (...words: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, [...args, ...words], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  return {
    runtime,
    call,
    show(unit, ...names) {
      const lines = call('systemctl', 'show', unit, ...names.map((name) => `--property=${name}`)).split('\n');
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
