import { readFileSync } from 'node:fs';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { explainNesting } from '../../src/explain/explain-nesting.ts';

const CALLS = [
  ['keep no descriptor of the caller open', 'close_range'],
  ['give the container a /dev of its own', 'openat2'],
  ['write down the state', 'renameat2'],
  ['give the container its own hostname', 'sethostname'],
  ['make the new root the root', 'pivot_root'],
] as const;
const unfiltered = {
  what: 'no filter of system calls around',
  met: /^Seccomp:\s+0$/m.test(readFileSync('/proc/self/status', 'utf8')),
};

describe('EPERM', () => {
  test.each(CALLS)('%s: of %s is told as a filter where one forbids it', (why, syscall) => {
    expect(explainNesting({ why, syscall, code: 'EPERM' }, (call) => call === syscall)).toMatch(
      /^a filter of system calls forbids it.*--security-opt seccomp=unconfined$/,
    );
  });

  needs.describe(unfiltered)('where there is no filter', () => {
    test.each(CALLS)('%s: of %s is not told as one', (why, syscall) => {
      expect(explainNesting({ why, syscall, code: 'EPERM' }) ?? '').not.toContain('filter');
    });
  });

  test('of what makes or opens a file, where no filter forbids it, is of the file', () => {
    const refused = { why: 'give the container a /dev of its own', syscall: 'openat2', code: 'EPERM' };
    expect(explainNesting(refused, () => false)).toContain('chattr -i');
  });
});
