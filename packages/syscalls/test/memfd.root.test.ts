import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledProgram, needs } from '@coracle/test-support';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const PROGRAM = await bundledProgram(new URL('programs/start-agent.ts', import.meta.url));
const MINUTE = 60_000;

/** Whether vm.memfd_noexec exists and is the strictest of a PID namespace at most (Linux 6.3). */
function hasMemfdNoexec(): boolean {
  try {
    return readFileSync('/proc/sys/vm/memfd_noexec', 'utf8').trim() !== '2';
  } catch {
    return false;
  }
}

/** Runs the program in namespaces of its own with a directory for temporary files, after commands of a shell there. */
function startAgentAfter(directory: string, ...commands: string[]): Record<string, unknown> {
  const node = [...PROGRAM];
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-ec',
      [...commands, 'exec "$@"'].join('\n'),
      'sh',
      ...node,
    ],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', TMPDIR: directory } },
  );
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

const noexec = (level: number): string => `echo ${level} > /proc/sys/vm/memfd_noexec`;

needs.describe(needs.root, needs.program('unshare'), {
  what: 'the sysctl vm.memfd_noexec below 2',
  met: hasMemfdNoexec(),
})('where the kernel', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'coracle-memfd-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test(
    'has memfds not executable by default, the agent asks for one that is',
    () => {
      expect(startAgentAfter(directory, noexec(1))).toMatchObject({ image: 'memfd', knowsItself: true });
    },
    MINUTE,
  );

  test(
    'forbids executable memfds, the agent runs from a file that has no name any more',
    () => {
      expect(startAgentAfter(directory, noexec(2))).toEqual({
        image: 'file',
        knowsItself: true,
        exe: expect.stringMatching(/^\/.*\/coracle-agent-\w+\/agent \(deleted\)$/),
        left: [],
      });
    },
    MINUTE,
  );

  test(
    'forbids executable memfds and files of TMPDIR too, the error says what to change',
    () => {
      expect(startAgentAfter(directory, noexec(2), 'mount -t tmpfs -o noexec none "$TMPDIR"')).toMatchObject({
        code: 'EACCES',
        syscall: 'posix_spawn',
        message: 'SystemError: EACCES: permission denied, posix_spawn: could not start the agent',
        hint: expect.stringContaining('set TMPDIR to a directory that is not mounted noexec'),
      });
    },
    MINUTE,
  );

  test(
    'forbids executable memfds and nothing can be stored, the error says where',
    () => {
      expect(startAgentAfter(directory, noexec(2), 'mount -t tmpfs -o ro none "$TMPDIR"')).toMatchObject({
        syscall: 'mkdtemp',
        path: directory,
        hint: expect.stringContaining('vm.memfd_noexec=0'),
      });
    },
    MINUTE,
  );
});
