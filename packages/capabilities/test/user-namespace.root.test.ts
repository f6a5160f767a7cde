import { writeFileSync } from 'node:fs';
import {
  availableCapabilities,
  type CapabilitySets,
  fromMask,
  parseCapabilities,
  planCapabilities,
  resolveCapabilities,
  toMask,
} from '@coracle/capabilities';
import {
  CLONE,
  flags,
  OPEN,
  openat,
  PR,
  prctl,
  resultOf,
  type Step,
  setgroups,
  setresgid,
  setresuid,
  unshare,
  write,
} from '@coracle/syscalls';
import { needs, PLAIN_USER } from '@coracle/test-support';
import { expect, test } from '@jest/globals';
import { setsAfterExec } from './inside.ts';

const { available, bounding } = availableCapabilities({ entersUserNamespace: true });
const setsFor = (add: string[], ambient: string[] = []): CapabilitySets =>
  parseCapabilities(resolveCapabilities({ add, ambient, available })).sets;
const enterNamespace = unshare(flags(CLONE, 'CLONE_NEWUSER'), 'enter a new user namespace');

function put(path: string, data: string): Step[] {
  const why = `write ${path}`;
  return [
    openat({ path, flags: flags(OPEN, 'O_WRONLY') }, { why, result: 'file' }),
    write({ fd: resultOf('file'), data }, why),
  ];
}

/** Becomes an ordinary user without any privilege, and root of a user namespace in which he is the only user. */
const LONELY_ROOT: readonly Step[] = [
  setgroups([], 'leave all groups'),
  setresgid(PLAIN_USER, 'become the group'),
  setresuid(PLAIN_USER, 'become the user'),
  // A process that changed its user may not write its own id maps otherwise.
  prctl(flags(PR, 'PR_SET_DUMPABLE'), [1, 0, 0, 0], 'own its files in /proc'),
  enterNamespace,
  ...put('/proc/self/setgroups', 'deny'),
  ...put('/proc/self/uid_map', `0 ${PLAIN_USER} 1`),
  ...put('/proc/self/gid_map', `0 ${PLAIN_USER} 1`),
];

needs.describe(needs.root)('in a user namespace of an ordinary user', () => {
  test('all capabilities are there, and the default is put in force', async () => {
    const sets = setsFor([]);
    const { before, after } = planCapabilities(sets, { uid: 0, from: bounding });
    const steps = [...LONELY_ROOT, ...before, setresuid(0, 'become root'), ...after];
    expect(await setsAfterExec(LONELY_ROOT)).toMatchObject({ permitted: available, bounding });
    expect(await setsAfterExec(steps)).toEqual(sets);
    expect(fromMask(sets.permitted)).toHaveLength(14);
  });

  test('capabilities can be given that the caller has not got', async () => {
    const sets = setsFor(['SYS_RESOURCE', 'SYS_MODULE']);
    const { before, after } = planCapabilities(sets, { uid: 0, from: bounding });
    expect(await setsAfterExec([...LONELY_ROOT, ...before, ...after])).toEqual(sets);
  });

  test('a user who is not its root gets what is ambient, and nothing else', async () => {
    const mapIds = (pid: number): void => {
      for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, '0 100000 65536');
    };
    const afterExecOf = (sets: CapabilitySets): Promise<CapabilitySets> => {
      const { before, after } = planCapabilities(sets, { uid: 1000, from: bounding });
      const root = [setresgid(0, 'become root'), setresuid(0, 'become root')];
      const user = [setresgid(1000, 'become the group'), setresuid(1000, 'become the user')];
      const steps = [...root, ...before, ...user, ...after];
      return setsAfterExec(steps, undefined, { steps: [enterNamespace], afterwards: mapIds });
    };
    const bit = toMask(['CAP_NET_BIND_SERVICE']);
    const few = { permitted: bit, effective: bit, inheritable: bit, ambient: bit };
    expect(await afterExecOf(setsFor([], ['NET_BIND_SERVICE']))).toMatchObject(few);
    expect(await afterExecOf(setsFor([]))).toMatchObject({ permitted: 0n, effective: 0n, ambient: 0n });
  });
});
