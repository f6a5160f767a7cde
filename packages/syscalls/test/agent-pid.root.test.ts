import { spawnSync } from 'node:child_process';
import { bundledProgram, needs } from '@coracle/test-support';
import { expect } from '@jest/globals';

const PROGRAM = await bundledProgram(new URL('programs/start-as-process.ts', import.meta.url));
const MINUTE = 60_000;

const it = needs.test(needs.root, needs.program('unshare'), needs.writable('/proc/sys/kernel/ns_last_pid'));

/** In a PID namespace in which all processes but the agent have large numbers. */
function startAsProcess(pid: number): unknown {
  const node = [...PROGRAM, String(pid)];
  const script = 'echo 1000 > /proc/sys/kernel/ns_last_pid; "$@"; exit $?';
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-ec', script, 'sh', ...node],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' }, timeout: MINUTE / 2 },
  );
  if (!stdout.startsWith('{')) throw new Error(`the program printed no result: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

// As the first command of a container has so many threads that its first child is process 13, which is EACCES as an errno.
for (const pid of [2, 13, 22]) {
  it(
    `an agent that happens to be process ${pid} is one agent`,
    () => {
      expect(startAsProcess(pid)).toEqual({ pid, image: 'memfd', agents: [pid] });
    },
    MINUTE,
  );
}
