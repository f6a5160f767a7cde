import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceRequest } from './decide-device.ts';

/** How bash asks for each access; of a device without a driver (majors 60 to 63) it learns ENXIO, if it may open it. */
const ASK: Readonly<Record<string, (node: string, numbers: string) => string>> = {
  r: (node) => `: < ${node}`,
  w: (node) => `: > ${node}`,
  rw: (node) => `: <> ${node}`,
  m: (node, numbers) => `mknod ${node}.made ${numbers}`,
};

/**
 * What the kernel says to requests of a process in a group: false where it answers EPERM, true where it does what is asked or
 * has no such device. Opens the devices, so name harmless ones. The nodes are made on a file system of their own, in a mount
 * namespace: the directory for temporary files may be one that has no devices.
 *
 * Needs root, bash, unshare, mount and mknod.
 * @param procs the `cgroup.procs` of the group
 * @param requests with the access `r`, `w`, `rw` or `m`: the kernel never asks for others at once
 * @throws {Error} when a request cannot be made or is answered by another error, or the process cannot join
 * @example
 * probeDevices('/sys/fs/cgroup/box/cgroup.procs', [{ type: 'c', major: 1, minor: 3, access: 'rw' }]); // [true]
 */
export function probeDevices(procs: string, requests: readonly DeviceRequest[]): boolean[] {
  const directory = mkdtempSync(join(process.getBuiltinModule('node:os').tmpdir(), 'coracle-devices-'));
  try {
    const numbers = requests.map(({ type, major, minor }) => `${type} ${major} ${minor}`);
    const script = [
      'set -e',
      'mount -t tmpfs none .',
      'cd "$PWD"', // onto what was mounted here
      ...numbers.map((one, index) => `mknod n${index} ${one}`),
      `echo $$ > ${procs}`,
      'set +e',
      ...requests.map(({ access }, index) => `${ask(access, `n${index}`, numbers[index] ?? '')}; echo "== $?" >&2`),
    ].join('\n');
    const { status, stderr } = spawnSync('unshare', ['--mount', 'bash', '--norc', '-c', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: directory,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    const answers = stderr.split(/^== \d+$/m).slice(0, -1);
    if (status !== 0 || answers.length !== requests.length) throw new Error(`could not probe devices: ${stderr}`);
    return answers.map(isAllowed);
  } finally {
    rmdirSync(directory);
  }
}

function isAllowed(answer: string): boolean {
  if (answer.includes('Operation not permitted')) return false;
  if (answer.trim() === '' || answer.includes('No such device or address')) return true;
  throw new Error(`the kernel gave another answer than yes or no: ${answer}`);
}

function ask(access: string, node: string, numbers: string): string {
  const command = ASK[access]?.(node, numbers);
  if (command === undefined) throw new Error(`no single call asks for the access ${access}`);
  return command;
}
