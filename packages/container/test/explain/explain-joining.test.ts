import { describe, expect, test } from '@jest/globals';
import { explainJoining } from '../../src/explain/explain-joining.ts';

/** What proc_pid_stat(5) has behind the name: 37 fields from the state to the processor, then real-time priority and policy. */
const stat = (policy: number, name = 'node'): string =>
  `42 (${name}) S ${'1 '.repeat(36)}50 ${policy} 0 0 0 ${'0 '.repeat(8)}0\n`;

const JOINS = ['put the container into its cgroup, /c/tasks', 'join the cgroup of the container, /c/tasks'];

describe('a cgroup without real time takes no process that has a policy of real time', () => {
  test.each([
    [1, 'SCHED_FIFO'],
    [2, 'SCHED_RR'],
  ])('policy %i is told as %s', (policy, name) => {
    for (const why of JOINS) expect(explainJoining({ why, code: 'EINVAL' }, () => stat(policy))).toContain(name);
  });

  test('the name of the program may look like fields', () => {
    expect(explainJoining({ why: JOINS[0] ?? '', code: 'EINVAL' }, () => stat(1, 'a) S 9'))).toContain('SCHED_FIFO');
  });

  test.each([
    ['another policy', JOINS[0], 'EINVAL', 0],
    ['another errno', JOINS[0], 'ENOSPC', 1],
    ['another step', 'set net.core.somaxconn to x', 'EINVAL', 1],
  ])('%s has other reasons', (_, why = '', code, policy) => {
    expect(explainJoining({ why, code }, () => stat(policy))).toBeUndefined();
  });
});
