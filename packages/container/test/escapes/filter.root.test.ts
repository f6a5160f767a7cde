import { release } from 'node:os';
import { defaultProfile } from '@coracle/seccomp';
import { expect } from '@jest/globals';
import type { RunOptions } from '../../src/index.ts';
import type { Answer, Call } from './support/calls.ts';
import { attack, attackBy32Bits, attackOnPc, inEachWay, prepareAttacks } from './support/suite.ts';

const attacks = prepareAttacks('call');
const attackIn32Bits = attackBy32Bits();

const OFF: RunOptions = { security: { seccomp: 'unconfined' } };
const AF_ALG = 38;
const AF_VSOCK = 40;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const CLONE_NEWUSER = 0x10000000;
const SESSION_KEYRING = -3;
const PROCESS_KEYRING = -2;
const KEYCTL_GET_KEYRING_ID = 0;
const SYS_SOCKET = 1;
const NO_RANDOM_ADDRESSES = 0x40000;
const SIZE_OF_LOG = 10;
const BAD_ADDRESS = -1;
const PR_SET_SECCOMP = 22;
const FILTER_MODE = 2;

/** The same number with a bit above the 32 that the kernel looks at. */
const withUpperBits = (number: number): string => `0x1${number.toString(16).padStart(8, '0')}`;

/** struct perf_event_attr: a software clock, not of the kernel, of which nothing is needed but that it can be had. */
const CLOCK = `hex:0100000070000000${'00'.repeat(32)}6000000000000000${'00'.repeat(64)}`;
/** union bpf_attr: an array with one element of four bytes. */
const MAP = `hex:02000000040000000400000001000000${'00'.repeat(56)}`;

/** What a call gets where no filter stops it; 'success' is any number. */
type Through = Answer | 'success';

function expectThrough(answer: Answer | undefined, through: readonly Through[]): void {
  expect(through).toContain(typeof answer === 'number' ? 'success' : answer);
}

/** Doors to code of the kernel that programs seldom need and attacks often. */
const DOORS: readonly (readonly [title: string, call: Call, ...through: Through[]])[] = [
  // EINVAL: Linux 5.11 was the first that let it be for faults of the program alone.
  ['userfaultfd, which makes races in the kernel winnable', ['userfaultfd', 1], 'success', 'EINVAL'],
  ['io_uring, whose calls pass by every filter', ['io_uring_setup', 8, 'room:120'], 'success'],
  // EACCES: Debian's kernels before 6.0 leave it to root (kernel.perf_event_paranoid).
  ['perf_event_open', ['perf_event_open', CLOCK, 0, -1, -1, 0], 'success', 'EACCES'],
  ['keyctl, which knows no namespaces', ['keyctl', KEYCTL_GET_KEYRING_ID, SESSION_KEYRING, 1], 'success'],
  ['add_key', ['add_key', 'text:user', 'text:escape', 'text:key', 3, PROCESS_KEYRING], 'success'],
  // There is no such key: the answer shows that it was looked for.
  ['request_key', ['request_key', 'text:user', 'text:no such key', 0, 0], 'ENOKEY'],
  ['a VSOCK socket, which reaches the hypervisor', ['socket', AF_VSOCK, SOCK_STREAM, 0], 'success', 'EAFNOSUPPORT'],
  [
    'a VSOCK socket with upper bits set in the register',
    ['socket', withUpperBits(AF_VSOCK), SOCK_STREAM, 0],
    'success',
    'EAFNOSUPPORT',
  ],
  // Many kernels are built without AF_ALG; there only the answer of the filter can be seen.
  [
    'CVE-2026-31431: an ALG socket, which writes to the page cache',
    ['socket', AF_ALG, SOCK_SEQPACKET, 0],
    'success',
    'EAFNOSUPPORT',
  ],
  [
    'CVE-2026-31431: an ALG socket with upper bits set in the register',
    ['socket', withUpperBits(AF_ALG), SOCK_SEQPACKET, 0],
    'success',
    'EAFNOSUPPORT',
  ],
  ['a user namespace of unshare', ['unshare', CLONE_NEWUSER], 'success'],
  ['a user namespace of clone', ['clone', CLONE_NEWUSER, 0, 0, 0, 0], 'success'],
  ['personality, which takes away the randomness of addresses', ['personality', NO_RANDOM_ADDRESSES], 'success'],
];

/** Calls for which the kernel wants a capability: off is a privileged container of root. */
const POWERS: readonly (readonly [title: string, call: Call, ...through: Through[]])[] = [
  ['bpf', ['bpf', 0, MAP, 72], 'success'],
  ['a new file system by fsopen', ['fsopen', 'text:tmpfs', 0], 'success'],
  ['a mount', ['mount', 'text:none', 'text:/tmp', 'text:tmpfs', 0, 0], 'success'],
  ['leaving the root by pivot_root', ['pivot_root', 'text:/no/such', 'text:/no/such'], 'ENOENT'],
  ['fanotify, which sees what others open', ['fanotify_init', 0, 0], 'success'],
  ['the log of the kernel', ['syslog', SIZE_OF_LOG, 0, 0], 'success'],
  ['loading a module', ['init_module', 'text:no module', 9, 'text:'], 'ENOEXEC', 'ENOSYS'],
  ['loading another kernel', ['kexec_load', 0, 0, 0, 0xffff], 'EINVAL', 'ENOSYS'],
  ['setting the clock', ['clock_settime', 0, BAD_ADDRESS], 'EFAULT'],
  ['swapping to a file', ['swapon', 'text:/no/such', 0], 'ENOENT'],
  ['accounting to a file', ['acct', 'text:/no/such'], 'ENOENT', 'ENOSYS'],
  ['reboot, asked for wrongly', ['reboot', 0, 0, 0, 0], 'EINVAL'],
];

const POWERS_OF_A_PC: typeof POWERS = [
  ['ports of the hardware by iopl', ['iopl', 3], 'success', 'ENOSYS'],
  ['ports of the hardware by ioperm', ['ioperm', 0x80, 1, 1], 'success', 'ENOSYS'],
];

/** Calls of a 32-bit program, which have other numbers: a filter that knew only the 64-bit ones would take them for others. */
const DOORS_32: typeof DOORS = [
  ['socket for VSOCK', ['socket', AF_VSOCK, SOCK_STREAM, 0], 'success', 'EAFNOSUPPORT'],
  ['keyctl', ['keyctl', KEYCTL_GET_KEYRING_ID, SESSION_KEYRING, 1], 'success'],
  ['add_key', ['add_key', 'text:user', 'text:escape', 'text:key', 3, PROCESS_KEYRING], 'success'],
  ['unshare', ['unshare', CLONE_NEWUSER], 'success'],
  ['clone', ['clone', CLONE_NEWUSER, 0, 0, 0, 0], 'success'],
  ['userfaultfd', ['userfaultfd', 1], 'success', 'EINVAL'],
  ['io_uring_setup', ['io_uring_setup', 8, 'room:120'], 'success'],
];

/** The default profile, but for one call. */
function without(call: string): object {
  const profile = defaultProfile({ arch: 'x64', capabilities: ['CAP_SYS_CHROOT'], kernel: release() });
  const syscalls = profile.syscalls?.map((rule) => ({ ...rule, names: rule.names.filter((name) => name !== call) }));
  return { ...profile, syscalls };
}

inEachWay('the filter of system calls', attacks, ({ name, call: answer, calls }) => {
  for (const [title, call, ...through] of DOORS) {
    attack(`${title}: open without it, shut with it`, async () => {
      expectThrough(await answer(call, OFF), through);
      expect(await answer(call)).toBe('EPERM');
    });
  }

  for (const [title, call, ...through] of POWERS) {
    attack(`${title}: only for the privileged`, async () => {
      if (name === 'root') expectThrough(await answer(call, { privileged: true }), through);
      expect(await answer(call)).toBe('EPERM');
    });
  }

  for (const [title, call, ...through] of POWERS_OF_A_PC) {
    attackOnPc(`${title}: only for the privileged`, async () => {
      if (name === 'root') expectThrough(await answer(call, { privileged: true }), through);
      expect(await answer(call)).toBe('EPERM');
    });
  }

  attack('clone3, whose flags no filter can read, does not exist', async () => {
    // A structure of no length is looked at and refused.
    expect(await answer(['clone3', 'room:8', 0], OFF)).toBe('EINVAL');
    expect(await answer(['clone3', 'room:8', 0])).toBe('ENOSYS');
  });

  for (const [title, call, ...through] of DOORS_32) {
    attackIn32Bits(`${title} through int 0x80: open without it, shut with it`, async () => {
      const [bare] = await calls([call], { door: '32', ...OFF });
      expectThrough(bare, [...through, 'ENOSYS']);
      expect(await answer(call, { door: '32' })).toBe('EPERM');
    });
  }

  // Docker's profile lets socketcall through, for 32-bit C libraries know no other way, and what it asks for lies behind a
  // pointer. SECURITY.md says so; whoever runs no 32-bit programs takes it out.
  attackIn32Bits('CVE-2026-31431: socketcall of a 32-bit program, where the profile is without it', async () => {
    const families: Call[] = [AF_VSOCK, AF_ALG].map((family) => ['socketcall', SYS_SOCKET, `list:${family}:1:0`]);
    const [vsock] = await calls(families, { door: '32', ...OFF });
    expectThrough(vsock, ['success', 'EAFNOSUPPORT']);
    const seccomp = without('socketcall');
    expect(await calls(families, { door: '32', security: { seccomp } })).toEqual(['EPERM', 'EPERM']);
  });

  attackOnPc('calls of the x32 ABI are none that could be made', async () => {
    // Kernels without x32 answer ENOSYS themselves: only there being no success can be shown on them.
    for (const [, call] of DOORS) expect(await answer(call, { door: 'x32' })).toMatch(/^(EPERM|ENOSYS)$/);
  });

  attack('a second filter on top does not open the first', async () => {
    const answers = await calls([
      ['prctl', PR_SET_SECCOMP, FILTER_MODE, 'allow:'],
      ['userfaultfd', 1],
    ]);
    expect(answers).toEqual([0, 'EPERM']);
  });
});
