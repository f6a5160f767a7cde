import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import type { AttackPrograms } from './attack-programs.ts';
import { type Answer, answersOf, type Call, commandFor } from './calls.ts';

/** Makes calls in a plain process of the host: what an attack gets where there is no container at all. */
export function callOnHost(attacks: AttackPrograms, ...calls: readonly Call[]): Answer[] {
  const [program = '', ...args] = commandFor(calls, { directory: attacks.path });
  return answersOf(spawnSync(program, args, { encoding: 'utf8' }).stdout);
}

/** A line of shell on the host, all that it wrote. */
export function shOnHost(script: string, options: { uid?: number; gid?: number; input?: string } = {}): string {
  const { stdout, stderr }: SpawnSyncReturns<string> = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    ...options,
  });
  return stdout + stderr;
}

/** The same with mounts of its own, which end with it. */
export function shWithOwnMounts(script: string): string {
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script];
  const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  return stdout + stderr;
}
