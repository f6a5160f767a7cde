import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CAPABILITY_NAMES,
  capabilityNumber,
  DEFAULT_CAPABILITIES,
  fromMask,
  isCapabilityName,
  lastCapability,
  parseCapability,
  toMask,
} from '@coracle/capabilities';
import { isErrno } from '@coracle/errors';
import { needs } from '@coracle/test-support';
import { describe, expect, test } from '@jest/globals';
import { thrownBy } from './thrown-by.ts';

const hintOf = (word: string): unknown => (thrownBy(() => parseCapability(word)) as { hint?: string }).hint;

describe('the names', () => {
  test('have the numbers of linux/capability.h', () => {
    const numbers = { CAP_CHOWN: 0, CAP_SETPCAP: 8, CAP_SYS_ADMIN: 21, CAP_SETFCAP: 31, CAP_CHECKPOINT_RESTORE: 40 };
    for (const [name, number] of Object.entries(numbers))
      expect([name, isCapabilityName(name) && capabilityNumber(name)]).toEqual([name, number]);
    expect(new Set(CAPABILITY_NAMES).size).toBe(41);
  });

  needs.test(needs.program('capsh'))('are what capsh calls each bit', () => {
    const decoded = CAPABILITY_NAMES.map((name) => {
      const { stdout } = spawnSync('capsh', [`--decode=${toMask([name]).toString(16)}`], { encoding: 'utf8' });
      return stdout.trim().split('=')[1];
    });
    expect(decoded).toEqual(CAPABILITY_NAMES.map((name) => name.toLowerCase()));
  });

  test('are told from other texts exactly', () => {
    expect(['CAP_KILL', 'cap_kill', 'KILL', 'CAP_FLY', ''].filter(isCapabilityName)).toEqual(['CAP_KILL']);
  });

  needs.test(needs.program('capsh'))("Docker's 14 decode to themselves, in the kernel's order", () => {
    const mask = toMask(DEFAULT_CAPABILITIES).toString(16);
    const { stdout } = spawnSync('capsh', [`--decode=${mask}`], { encoding: 'utf8' });
    expect(mask).toBe('a80425fb');
    expect(stdout.trim()).toBe(`0x00000000a80425fb=${DEFAULT_CAPABILITIES.join(',').toLowerCase()}`);
  });
});

describe('the last capability', () => {
  test('of this kernel is that of Linux 5.9 or a later one', () => {
    expect(lastCapability()).toBeGreaterThanOrEqual(40);
  });

  test('is read where the proc is said to be', () => {
    const proc = mkdtempSync(join(tmpdir(), 'coracle-proc-'));
    try {
      mkdirSync(join(proc, 'sys/kernel'), { recursive: true });
      writeFileSync(join(proc, 'sys/kernel/cap_last_cap'), '37\n');
      expect(lastCapability({ proc })).toBe(37);
    } finally {
      rmSync(proc, { recursive: true });
    }
  });

  test('is not known without a proc', () => {
    expect(
      isErrno(
        thrownBy(() => lastCapability({ proc: '/nowhere' })),
        'ENOENT',
      ),
    ).toBe(true);
  });
});

describe('a word', () => {
  test.each(['NET_ADMIN', 'net_admin', 'cap_net_admin', 'CAP_NET_ADMIN', 'Cap_Net_Admin'])('%s is read', (word) => {
    expect(parseCapability(word)).toBe('CAP_NET_ADMIN');
  });

  test.each(['ALL', 'all'])('%s stands for all', (word) => {
    expect(parseCapability(word)).toBe('ALL');
  });

  test('that is no capability is refused as it was written', () => {
    const error = thrownBy(() => parseCapability('net_admn'));
    expect(isErrno(error, 'EINVAL')).toBe(true);
    expect(error).toMatchObject({ message: 'EINVAL: there is no capability "net_admn", capset' });
  });

  test.each([
    ['NET_ADMN', 'did you mean NET_ADMIN?'],
    ['cap_netadmin', 'did you mean NET_ADMIN?'],
    ['ptrace', 'did you mean SYS_PTRACE?'],
    ['ADMIN', 'did you mean NET_ADMIN or SYS_ADMIN or MAC_ADMIN?'],
    ['CAP_ALL', 'did you mean ALL?'],
    ['KIL', 'did you mean KILL?'],
  ])('%s brings a hint: %s', (word, hint) => {
    expect(hintOf(word)).toBe(hint);
  });

  test.each(['', 'CAP_', 'NET_ADMIN,SYS_TIME', 'TELEPORT', '12'])('%j is near to nothing', (word) => {
    expect(hintOf(word)).toContain('one name at a time');
  });
});

test('every name is read back from a mask', () => {
  expect(fromMask(toMask(CAPABILITY_NAMES))).toEqual(CAPABILITY_NAMES);
});
