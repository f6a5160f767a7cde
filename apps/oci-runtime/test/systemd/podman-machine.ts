import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE, type OwnSystemd, Podman, startSystemd } from '@coracle/test-support';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { builtRuntime } from '../runtime.ts';
import { TIMEOUT_MS } from './life-tests.ts';
import { machineOf, type SystemdMachine } from './machine.ts';

/** A podman of root's, that leaves the groups of its containers to a systemd. */
export interface PodmanMachine {
  podman: Podman;
  machine: SystemdMachine;
  /** Runs podman with these words, which have to succeed; returns what it has said. */
  good(...words: readonly string[]): string;
  /** Begins a container that stays; returns the name of its scope. */
  begin(name: string, ...options: readonly string[]): string;
}

/** For a file of tests: one is there while they run. */
export function podmanMachine(): () => PodmanMachine {
  let systemd: OwnSystemd | undefined;
  let made: PodmanMachine | undefined;
  let directory: string | undefined;
  const get = (): PodmanMachine => {
    if (!made) throw new Error('it is not there yet');
    return made;
  };
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'oci-podman-'));
    systemd = await startSystemd();
    const machine = await machineOf(systemd);
    const runtime = join(directory, 'coracle-oci');
    writeFileSync(runtime, `#!/bin/sh\nexec ${process.execPath} ${builtRuntime()} "$@"\n`);
    chmodSync(runtime, 0o755);
    const inside = await systemd.inside([]);
    const podman = new Podman({ shown: NODE === '/usr' ? [] : [NODE], runtime, inside });
    const good = (...words: readonly string[]): string => {
      const { status, said } = podman.call(...words);
      expect({ words, status, said: status === 0 ? '' : said }).toEqual({ words, status: 0, said: '' });
      return said.trim();
    };
    const begin = (name: string, ...options: readonly string[]): string => {
      const all = ['--name', name, '--stop-timeout', '1', ...options, '--rootfs', podman.rootfs];
      return `libpod-${good('run', '--detach', ...all, 'sleep', '1000')
        .split('\n')
        .at(-1)}.scope`;
    };
    made = { podman, machine, good, begin };
  }, TIMEOUT_MS);
  afterAll(async () => {
    made?.machine[Symbol.dispose]();
    await systemd?.[Symbol.asyncDispose]();
    made?.podman[Symbol.dispose]();
    if (directory) rmSync(directory, { recursive: true });
  }, TIMEOUT_MS);
  return get;
}
