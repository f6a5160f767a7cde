import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { RunOptions } from '../../src/index.ts';
import { type AttackPrograms, compileAttacks } from './support/attack-programs.ts';
import { type Answer, type Call, callInside, type Door } from './support/calls.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { openWay, WAYS, type Way } from './support/ways.ts';

const isPc = { what: 'an x86-64 processor', met: process.arch === 'x64' };
const it = needs.test(needs.root, needs.program('gcc'));
const onPc = needs.test(needs.root, needs.program('gcc'), isPc);

let attacks: AttackPrograms;
let before: ReturnType<typeof findLeftovers>;

beforeAll(() => {
  before = findLeftovers();
  if (needs.root.met && needs.program('gcc').met) attacks = compileAttacks('call');
});

afterAll(async () => {
  attacks?.[Symbol.dispose]();
  await expectNothingLeft(before);
});

const OFF: RunOptions = { security: { seccomp: 'unconfined' } };
const AF_INET = 2;
const AF_ALG = 38;
const AF_VSOCK = 40;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const UPPER_BITS = '0x100000000';
const CLONE_NEWUSER = 0x10000000;
const SIGCHLD = 17;
const CURRENT_PROCESS_KEYRING = -2;
const KEYCTL_GET_KEYRING_ID = 0;
const NO_RANDOM_ADDRESSES = 0x40000;

/** A counter of the processor's time, for this process on any processor, user space only: allowed to everybody by default. */
const PERF_ATTRIBUTES = `hex:01000000${'70000000'}${'00'.repeat(32)}${'6000000000000000'}${'00'.repeat(72)}`;
const PERF: Call = ['perf_event_open', PERF_ATTRIBUTES, 0, -1, -1, 0];

/** What a call gets where the filter lets it through; a number is any success. */
type Through = Answer | 'success';

function expectThrough(answer: Answer | undefined, through: Through): void {
  if (through === 'success') expect(answer).toEqual(expect.any(Number));
  else expect(answer).toBe(through);
}

describe.each(WAYS)('the filter of system calls, as %s', (name) => {
  let way: Way;
  beforeAll(() => {
    way = openWay(name);
  });
  afterAll(() => way[Symbol.dispose]());

  const one = async (call: Call, options: RunOptions & { door?: Door } = {}): Promise<Answer | undefined> =>
    (await callInside(way, [call], { attacks, ...options }))[0];

  /** The gates to code of the kernel that containers have no need of. */
  const GATES: readonly (readonly [title: string, call: Call, through: Through])[] = [
    ['userfaultfd, which makes races of the kernel winnable', ['userfaultfd', 1], 'success'],
    ['io_uring, whose calls no filter sees', ['io_uring_setup', 8, 'room:120'], 'success'],
    ['a counter of perf_event_open', PERF, 'success'],
    ['the session keyring', ['keyctl', KEYCTL_GET_KEYRING_ID, -3, 1], 'success'],
    ['add_key', ['add_key', 'text:user', 'text:escape', 'text:key', 3, CURRENT_PROCESS_KEYRING], 'success'],
    // There is no such key; the answer shows that it was looked for.
    ['request_key', ['request_key', 'text:user', 'text:no-such-key', 0, 0], 'ENOKEY'],
    ['a VSOCK socket, which reaches the hypervisor', ['socket', AF_VSOCK, SOCK_STREAM, 0], 'success'],
    [
      'a VSOCK socket with upper bits set in the register',
      ['socket', `0x1${AF_VSOCK.toString(16).padStart(8, '0')}`, SOCK_STREAM, 0],
      'success',
    ],
    ['a user namespace of unshare inside that of the container', ['unshare', CLONE_NEWUSER], 'success'],
    ['a user namespace of unshare with upper bits set', ['unshare', `0x1${CLONE_NEWUSER.toString(16)}`], 'EINVAL'],
    ['an address space without randomness', ['personality', NO_RANDOM_ADDRESSES], 'success'],
  ];

  it.each = undefined;
});
