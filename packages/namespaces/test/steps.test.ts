import { isErrno } from '@coracle/errors';
import {
  cloneInit,
  enterTimeOffsets,
  joinNamespaces,
  loopbackUp,
  setDomainname,
  setHostname,
  timeOffsets,
} from '@coracle/namespaces';
import { encode, explain, renderStep, resultOf } from '@coracle/syscalls';
import { describe, expect, test } from '@jest/globals';

const calls = (steps: Parameters<typeof renderStep>[0][]): string[] => steps.map(renderStep);

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('the birth of the init', () => {
  test('is one clone3, after which each process keeps one socket', () => {
    expect(calls(cloneInit({ namespaces: ['uts', 'mount'] }))).toEqual([
      'clone3({flags: CLONE_NEWNS|CLONE_NEWUTS}, 88) -> <init>',
      'dup3(4, 3, O_CLOEXEC)',
      'close(4)',
    ]);
  });

  test('gives the socket to the child alone and takes it from both', () => {
    expect(cloneInit({ namespaces: [] }).map(({ only }) => only)).toEqual([undefined, 'child', undefined]);
  });

  test('in a cgroup names its descriptor', () => {
    const [clone] = cloneInit({ namespaces: ['pid'], cgroupFd: 9 });
    expect(clone && renderStep(clone)).toBe('clone3({flags: CLONE_NEWPID|CLONE_INTO_CGROUP, cgroup: 9}, 88) -> <init>');
  });

  test('in a cgroup whose descriptor is 0 is still in that cgroup', () => {
    const [clone] = cloneInit({ namespaces: [], cgroupFd: 0 });
    expect(clone && renderStep(clone)).toContain('CLONE_INTO_CGROUP, cgroup: 0');
  });

  test('takes a socket elsewhere', () => {
    expect(calls(cloneInit({ namespaces: [], socket: 7 })).slice(1)).toEqual(['dup3(7, 3, O_CLOEXEC)', 'close(7)']);
  });

  test('says in words which namespaces are made', () => {
    const words = (...namespaces: Parameters<typeof cloneInit>[0]['namespaces'][number][]): string | undefined =>
      explain({ steps: cloneInit({ namespaces }) })[0]?.why;
    expect(words()).toBe('make the first process of the container');
    expect(words('pid')).toBe('make the first process of the container, with its own pid namespace');
    expect(words('pid', 'uts')).toBe('make the first process of the container, with its own pid, uts namespaces');
  });
});

describe('joining namespaces', () => {
  test('is one call for all of them', () => {
    expect(calls(joinNamespaces({ pidfd: 4, namespaces: ['pid', 'user', 'mount'] }))).toEqual([
      'setns(4, CLONE_NEWUSER|CLONE_NEWNS|CLONE_NEWPID)',
    ]);
  });

  test('takes the pidfd of an earlier step', () => {
    expect(calls(joinNamespaces({ pidfd: resultOf('pidfd'), namespaces: ['uts'] }))).toEqual([
      'setns(<pidfd>, CLONE_NEWUTS)',
    ]);
  });

  test('of none is no call, for setns without a kind means any', () => {
    expect(joinNamespaces({ pidfd: 4, namespaces: [] })).toEqual([]);
  });
});

describe.each([
  ['hostname', setHostname, 'sethostname'],
  ['domain name', setDomainname, 'setdomainname'],
] as const)('the %s', (what, set, syscall) => {
  test('is set with its length in bytes', () => {
    expect(calls(set('box'))).toEqual([`${syscall}("box", 3)`]);
    expect(calls(set('bücher'))).toEqual([`${syscall}("bücher", 7)`]);
  });

  test('may have 64 bytes', () => {
    expect(calls(set('x'.repeat(64)))).toEqual([`${syscall}("${'x'.repeat(64)}", 64)`]);
  });

  test.each([
    ['empty', '', `the ${what} is empty`],
    ['of 65 letters', 'x'.repeat(65), `the ${what} is 65 bytes long and the kernel takes at most 64`],
    ['of 33 letters with 66 bytes', 'ü'.repeat(33), `the ${what} is 66 bytes long and the kernel takes at most 64`],
    ['with a NUL', 'a\0b', `the ${what} holds a NUL byte`],
  ])('that is %s is refused before any call, with the remedy', (_, name, text) => {
    const error = thrownBy(() => set(name));
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(error).toMatchObject({ syscall, hint: `choose a ${what} of 1 to 64 bytes` });
    expect(String(error)).toContain(text);
  });
});

describe('bringing up the loopback interface', () => {
  test('sets the flags through a socket that is closed again', () => {
    expect(calls(loopbackUp())).toEqual([
      'socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0) -> <loopback>',
      'ioctl(<loopback>, SIOCSIFFLAGS, {lo, flags: 65})',
      'close(<loopback>)',
    ]);
  });
});

describe('clock offsets', () => {
  test('are written before anyone is in the namespace', () => {
    const steps = timeOffsets({ monotonic: { seconds: 100 }, boottime: { seconds: -3n, nanoseconds: 5 } });
    expect(calls(steps)).toEqual([
      'unshare(CLONE_NEWTIME)',
      'openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY|O_CLOEXEC, 0) -> <timens offsets>',
      'write(<timens offsets>, "monotonic 100 0\\nboottime -3 5\\n", 30)',
      'close(<timens offsets>)',
    ]);
  });

  test('of one clock leave the other out', () => {
    expect(calls(timeOffsets({ boottime: { seconds: 1 } }))[2]).toBe('write(<timens offsets>, "boottime 1 0\\n", 13)');
  });

  test('of no clock only make the namespace', () => {
    expect(calls(timeOffsets({}))).toEqual(['unshare(CLONE_NEWTIME)']);
  });

  test.each([
    [{ seconds: 1.5 }],
    [{ seconds: Number.NaN }],
    [{ seconds: 1, nanoseconds: -1 }],
    [{ seconds: 1, nanoseconds: 1e9 }],
    [{ seconds: 1, nanoseconds: 0.5 }],
  ])('of %j are refused', (monotonic) => {
    const error = thrownBy(() => timeOffsets({ monotonic }));
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(String(error)).toContain('the offset of the monotonic clock');
  });
});

test('all steps can be sent to an agent of either architecture', () => {
  const steps = [
    ...timeOffsets({ monotonic: { seconds: 1 } }),
    ...enterTimeOffsets({ monotonic: { seconds: 1 } }),
    ...cloneInit({ namespaces: ['mount', 'time'], cgroupFd: 5 }),
    ...joinNamespaces({ pidfd: 4, namespaces: ['pid'] }),
    ...setHostname('box'),
    ...setDomainname('example.org'),
    ...loopbackUp(),
  ];
  for (const arch of ['x64', 'arm64'] as const) {
    expect(encode({ steps }, { base: 0x10000000n, arch }).steps).toHaveLength(steps.length);
  }
});
