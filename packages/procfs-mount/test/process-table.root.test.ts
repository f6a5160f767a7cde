import { readProcessTable } from '@coracle/procfs-mount';
import { CLONE, clone3, flags, PR, prctl, type Step, setresuid, step } from '@coracle/syscalls';
import { needs } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import { giveBirth } from './birth.ts';

/** A child that calls itself so, belongs to this user, and waits until its container ends. */
function child(title: string, { uid, namespaces = [] }: { uid: number; namespaces?: 'CLONE_NEWPID'[] }): Step[] {
  const own = { why: 'be a process of the container', only: 'child' } as const;
  return [
    clone3({ flags: flags(CLONE, ...namespaces) }, { why: 'make a child', result: title }),
    setresuid(uid, own),
    prctl(flags(PR, 'PR_SET_NAME'), [title], own),
    step('sendto', [3, { kind: 'report' }, { kind: 'report-length' }, 0, null, 0], own),
    step('ppoll', [null, 0, null, null, 0], own),
  ];
}

needs.test(needs.root)('the process table of a live container shows its processes as ps in it would', async () => {
  using birth = await giveBirth(['CLONE_NEWPID', 'CLONE_NEWNS']);
  const message = birth.init.post({ steps: child('its (own) name', { uid: 1234 }) });
  const outcomes = [await birth.init.report(message), await birth.init.report(message)];
  for (const outcome of outcomes) outcome?.throwIfFailed();
  const table = readProcessTable({ pidNamespaceOf: birth.pid });
  expect(table).toHaveLength(2);
  expect(table[0]).toMatchObject({ pid: 1, hostPid: birth.pid, ppid: 0, uid: 0, commandLine: ['coracle-agent'] });
  expect(table[1]).toMatchObject({ pid: 2, ppid: 1, uid: 1234, state: 'S', command: 'its (own) name', threads: 1 });
});

needs.test(needs.root)('the descendants of a container include those in pid namespaces of their own', async () => {
  using birth = await giveBirth(['CLONE_NEWPID', 'CLONE_NEWNS']);
  const message = birth.init.post({ steps: child('inner', { uid: 0, namespaces: ['CLONE_NEWPID'] }) });
  await birth.init.report(message);
  await birth.init.report(message);
  const names = (options: Parameters<typeof readProcessTable>[0]): (string | number)[][] =>
    readProcessTable(options).map(({ pid, ppid, command }) => [pid, ppid, command]);
  expect(names({ initPid: birth.pid }).at(-1)).toEqual([2, 1, 'inner']);
  expect(names({ pidNamespaceOf: birth.pid }).map(([pid]) => pid)).toEqual([1]);
});

test('the process table of this machine has this process, started in the past', () => {
  const own = readProcessTable().find(({ pid }) => pid === process.pid);
  expect(own).toMatchObject({
    hostPid: process.pid,
    uid: process.getuid?.(),
    commandLine: expect.arrayContaining([process.argv0]),
  });
  expect(own?.startedAt.getTime()).toBeLessThanOrEqual(Date.now());
  expect(own?.cpuUsec).toBeGreaterThan(0n);
});
