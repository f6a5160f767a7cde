import type { Seccomp } from '@coracle/oci-spec';
import { blockedCalls, defaultProfile, whyBlocked } from '@coracle/seccomp';
import { expect, test } from '@jest/globals';

const target = { arch: 'x64', capabilities: ['CAP_SYS_CHROOT'], kernel: '6.18.0' } as const;

test('the default profile blocks what it has a reason for, and some calls in part', () => {
  const { blocked, conditional } = blockedCalls(defaultProfile(target), 'x64');
  expect(blocked).toEqual(expect.arrayContaining(['add_key', 'bpf', 'clone3', 'kexec_load', 'mount', 'unshare']));
  expect(blocked).not.toContain('chroot');
  expect(blocked.filter((name) => whyBlocked(name) === undefined)).toEqual([]);
  expect(conditional).toEqual(['clone', 'personality', 'socket']);
});

test('what a listener or a tracer decides is not blocked', () => {
  const profile: Seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['mount'], action: 'SCMP_ACT_NOTIFY' },
      { names: ['read'], action: 'SCMP_ACT_TRACE' },
      { names: ['write', 'close'], action: 'SCMP_ACT_KILL' },
    ],
  };
  expect(blockedCalls(profile, 'arm64')).toEqual({ blocked: ['close', 'write'], conditional: [] });
});
