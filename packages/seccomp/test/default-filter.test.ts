import { compileProfile, defaultFilter, defaultProfile, type ProfileTarget } from '@coracle/seccomp';
import { describe, expect, test } from '@jest/globals';

describe.each(['x64', 'arm64'] as const)('the ready-made filter for %s', (arch) => {
  const target: ProfileTarget = { arch, capabilities: ['CAP_CHOWN', 'CAP_SYS_CHROOT', 'CAP_KILL'], kernel: '6.18.0' };

  test('is what the compiler makes of the default profile', () => {
    expect(defaultFilter(target)).toEqual(compileProfile(defaultProfile(target), { arch }));
  });

  test.each<Partial<ProfileTarget>>([
    { capabilities: [] },
    { capabilities: ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN'] },
    { capabilities: ['CAP_SYS_ADMIN'] },
    { kernel: '4.7.9' },
  ])('is not for %j', (other) => {
    expect(defaultFilter({ ...target, ...other })).toBeUndefined();
  });
});
