import { close, flags, OPEN, openat, resultOf, type Step, write } from '@coracle/syscalls';

const PATH = '/proc/self/oom_score_adj';

/**
 * Steps by which the container is born with how readily the kernel ends it: the monitor takes it on, and takes its own back after the
 * birth. So it also holds in a user namespace, from where the file cannot be written.
 * @param own what the monitor has, and goes back to
 * @see proc_pid_oom_score_adj(5)
 */
export function planOomScore(wanted: number | undefined, own: number): { beforeBirth: Step[]; afterBirth: Step[] } {
  if (wanted === undefined || wanted === own) return { beforeBirth: [], afterBirth: [] };
  return {
    beforeBirth: put(wanted, `be ended with a score of ${wanted} when memory runs out`),
    afterBirth: put(own, 'have its own score again').map((step) => ({ ...step, only: 'parent' as const })),
  };
}

function put(score: number, why: string): Step[] {
  const file = resultOf('oom score');
  return [
    openat({ path: PATH, flags: flags(OPEN, 'O_WRONLY', 'O_CLOEXEC') }, { why, result: 'oom score' }),
    write({ fd: file, data: String(score) }, why),
    close(file, why),
  ];
}
